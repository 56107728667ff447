"""Tables of calls as other programs write and read them."""
