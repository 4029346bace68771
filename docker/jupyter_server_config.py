"""Settings of Jupyter in the image. The token stays on: the log shows the address with it."""

import os

c = get_config()  # noqa: F821
c.ServerApp.ip = "0.0.0.0"
c.ServerApp.port = int(os.environ.get("JUPYTER_PORT", "8888"))
c.ServerApp.port_retries = 0  # the published port is fixed
c.ServerApp.open_browser = False
# A volume has no trash.
c.FileContentsManager.delete_to_trash = False
