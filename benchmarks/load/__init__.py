"""What the cluster and the studio bear: many workers, many visitors, and what that means for an archive."""
