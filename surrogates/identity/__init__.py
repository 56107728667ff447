"""Identities from appearance: a contrastive network, its clusters, and whole tracking."""
