"""Kills, full disks and second runs: what is finished stays, what is not is made again, and nothing else changes."""
