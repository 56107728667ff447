"""Wirings as counts: who touches whom how often, before any contact has a place."""
