"""Runs an ONNX file: run_onnx.py MODEL IMAGES prints the logits as JSON.

    pip install onnxruntime==1.32.0 safetensors==0.8.0 numpy==2.4.6

The batch is given whole, and then image by image: the model's batch is dynamic.
"""

import json
import sys

import numpy
import safetensors
import onnxruntime
from safetensors.numpy import load_file

model, images = sys.argv[1:3]
x = load_file(images)["images"]
options = onnxruntime.SessionOptions()
options.log_severity_level = 1  # a warning about the model fails the test's reader
session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
logits = session.run(["logits"], {"images": x})[0]
for i in range(len(x)):
    alone = session.run(["logits"], {"images": x[i : i + 1]})[0]
    if not numpy.allclose(alone[0], logits[i], atol=1e-5):
        sys.exit(f"image {i} alone has other logits: {alone[0]}, {logits[i]}")
json.dump({
    "logits": [float(v) for v in logits.ravel()],
    "versions": {"onnxruntime": onnxruntime.__version__, "safetensors": safetensors.__version__},
}, sys.stdout)
