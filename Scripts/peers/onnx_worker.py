"""ONNX Runtime: evaluation of the same network. See worker.py."""

import worker

options = worker.arguments("ONNX Runtime")

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper


def model():
    """Gather, Transpose, LSTM, Squeeze, Gemm, Sigmoid."""
    w = worker.read_safetensors(options.folder / "weights.safetensors")
    H = w["fc.weight"].shape[1]

    def gates(matrix):
        """PyTorch's gate order i, f, g, o to ONNX's i, o, f, c."""
        i, f, g, o = np.split(matrix, 4)
        return np.concatenate([i, o, f, g])

    biases = [gates(w["lstm.bias_ih_l0"]), gates(w["lstm.bias_hh_l0"])]
    constants = {
        "embedding": w["embedding.weight"],
        "W": gates(w["lstm.weight_ih_l0"])[None],
        "R": gates(w["lstm.weight_hh_l0"])[None],
        "B": np.concatenate(biases)[None],
        "axis": np.array([0], np.int64),
        "kernel": w["fc.weight"],
        "bias": w["fc.bias"],
    }
    nodes = [
        helper.make_node("Gather", ["embedding", "tokens"], ["embedded"]),
        helper.make_node("Transpose", ["embedded"], ["input"], perm=[1, 0, 2]),
        helper.make_node("LSTM", ["input", "W", "R", "B"], ["", "last"], hidden_size=H),
        helper.make_node("Squeeze", ["last", "axis"], ["hidden"]),
        helper.make_node("Gemm", ["hidden", "kernel", "bias"], ["logit"], transB=1),
        helper.make_node("Sigmoid", ["logit"], ["probability"]),
    ]
    graph = helper.make_graph(
        nodes,
        "lstm",
        [helper.make_tensor_value_info("tokens", TensorProto.INT32, ["batch", "steps"])],
        [
            helper.make_tensor_value_info("logit", TensorProto.FLOAT, ["batch", 1]),
            helper.make_tensor_value_info("probability", TensorProto.FLOAT, ["batch", 1]),
        ],
        [numpy_helper.from_array(np.ascontiguousarray(v), k) for k, v in constants.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(made)
    return made.SerializeToString()


class Peer:
    def __init__(self):
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = options.threads
        settings.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(model(), settings, providers=["CPUExecutionProvider"])

    def reset(self):
        pass  # nothing is learned

    def evaluate(self, tokens, labels):
        logits, probabilities = self.session.run(None, {"tokens": tokens})
        z = logits[:, 0].astype(np.float64)
        losses = np.maximum(z, 0) - z * labels + np.log1p(np.exp(-np.abs(z)))
        return losses.mean(), np.mean((probabilities[:, 0] > 0.5) == labels)


worker.serve(
    "ONNX Runtime",
    {"onnxruntime": onnxruntime.__version__, "onnx": onnx.__version__},
    options,
    Peer(),
)
