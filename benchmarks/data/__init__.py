"""Pictures and films that are measured: layouts, protocols, leaks, bundled photographs, synthetic wear."""
