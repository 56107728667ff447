"""The page on which people score faces without knowing whose they are."""
