"""The simulated AuroraMAX: sky, aurora, moon, weather, camera and overlay, with known truth.

A simulated corpus shows how the stages behave on nights whose truth is known. It is never evidence about a published
number. Images are (frame, channel, row, column); north is up and east is left, as a lens that looks up shows the sky.
"""
