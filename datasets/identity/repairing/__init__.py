"""Tracks of other tools: cut where they may have been exchanged, and put together again."""
