"""Run a stage over many nights: receipts, code digest, workers, cluster, progress."""
