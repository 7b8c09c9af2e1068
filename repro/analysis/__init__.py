"""What the classified frames say: Table 6, softmax statistics, errors by condition, and intervals."""
