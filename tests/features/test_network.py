"""A network runs here, and nobody is told."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.networks import ramp_network


def test_running_a_network_notes_nothing_in_the_home(tmp_path: Path) -> None:
    """onnxruntime would note each session there, and send the notes to its maker."""
    file, home = ramp_network(tmp_path / "ramp.onnx", 4), tmp_path / "home"
    home.mkdir()
    code = (
        "import sys, numpy as np\nfrom pathlib import Path\nfrom features.network import Network\n"
        "network = Network(Path(sys.argv[1]).read_bytes(), ['mean'])\n"
        "assert network.run(np.zeros((1, 1, 8, 8), np.float32))[0].shape == (1, 2, 2)"
    )
    away = ("ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME", "XDG_DATA_HOME")
    environment = {name: value for name, value in os.environ.items() if name not in away}
    subprocess.run([sys.executable, "-c", code, str(file)], check=True, env=environment | {"HOME": str(home)})
    assert not list(home.iterdir())
