"""What every child would do again, done once in the server that they are forked from.

It loads the ephemeris, finds the fonts, and has pandera load what it loads late. Nothing of torch: what it starts on its
first use does not survive a fork.
"""

import io

import numpy as np
import pandas as pd
import pandera.pandas as pa
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from repro.params import Site
from repro.sky.ephemeris import positions

positions(
    np.array(["2024-02-01T08:00"], dtype="datetime64[us]"),
    Site(latitude_deg=62.4, longitude_deg=-114.3, time_zone="America/Yellowknife"),
    altitude="apparent",
)
pa.DataFrameSchema({"night": pa.Column(str)}).validate(pd.DataFrame({"night": ["20240201"]}))
_figure = Figure()
FigureCanvasAgg(_figure)
_figure.add_subplot().set_title("Night")
_figure.savefig(io.BytesIO(), format="png")
_figure.savefig(io.BytesIO(), format="svg")
