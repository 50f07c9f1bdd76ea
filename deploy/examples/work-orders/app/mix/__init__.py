"""How readers fare with and without freshet: one mix of reads and writes, measured in five ways. See `../benchmark`."""
