"""HTML pages, whatever the topic: blocks, templates, packed arrays."""
