"""Analysis of the classified frames: Table 6, softmax statistics, errors by condition, and intervals."""
