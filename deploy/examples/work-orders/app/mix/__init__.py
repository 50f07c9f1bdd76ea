"""How readers fare with and without freshet: one mix of reads and writes, measured in four ways. See `../benchmark`."""
