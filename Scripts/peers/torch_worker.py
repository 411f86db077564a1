"""PyTorch: nn.Embedding, nn.LSTM, nn.Linear in float32, with Keras's Adam. See worker.py.

PyTorch's defaults are not its fastest. Gradients that have vanished over 400
steps become denormal numbers, which --flush-denormals takes for zero (as
TensorFlow always does); and glibc hands a step's gigabytes back to the system
and asks for them again in the next step, which this environment prevents at the
cost of more memory:

    MALLOC_MMAP_THRESHOLD_=100000000000 MALLOC_TRIM_THRESHOLD_=100000000000
    MALLOC_TOP_PAD_=1000000000
"""

import worker

options = worker.arguments("PyTorch", flush_denormals="take denormal numbers for zero")

import torch

# Before any thread is started: threads inherit it.
torch.set_flush_denormal(options.flush_denormals)
torch.set_num_threads(options.threads)


class Network(torch.nn.Module):
    def __init__(self, V, E, H):
        super().__init__()
        self.embedding = torch.nn.Embedding(V, E)
        self.lstm = torch.nn.LSTM(E, H, batch_first=True)
        self.fc = torch.nn.Linear(H, 1)
        # Keras has one bias: the second stays zero.
        self.lstm.bias_hh_l0.requires_grad_(False)

    def forward(self, tokens):
        hidden, _ = self.lstm(self.embedding(tokens))
        return self.fc(hidden[:, -1])[:, 0]


class KerasAdam:
    """Keras's Adam: epsilon stands beside the uncorrected root, and is 1e-7."""

    def __init__(self, parameters):
        self.parameters = [(w, torch.zeros_like(w), torch.zeros_like(w)) for w in parameters]
        self.t = 0

    @torch.no_grad()
    def step(self):
        self.t += 1
        alpha = 1e-3 * (1 - 0.999**self.t) ** 0.5 / (1 - 0.9**self.t)
        for w, m, v in self.parameters:
            m.lerp_(w.grad, 1 - 0.9)
            v.lerp_(w.grad.square(), 1 - 0.999)
            w.addcdiv_(m, v.sqrt().add_(1e-7), value=-alpha)
            w.grad = None


class Peer:
    def __init__(self):
        self.weights = {
            name: torch.from_numpy(array)
            for name, array in worker.read_safetensors(options.folder / "weights.safetensors").items()
        }
        V, E = self.weights["embedding.weight"].shape
        self.network = Network(V, E, self.weights["fc.weight"].shape[1])
        self.reset()

    def reset(self):
        self.network.load_state_dict(self.weights)
        self.adam = KerasAdam(w for w in self.network.parameters() if w.requires_grad)

    def measure(self, tokens, labels):
        y = torch.from_numpy(labels)
        z = self.network(torch.from_numpy(tokens))
        loss = torch.nn.functional.binary_cross_entropy_with_logits(z, y)
        accuracy = ((z.detach() > 0) == (y > 0.5)).float().mean()
        return loss, accuracy

    def train(self, tokens, labels):
        loss, accuracy = self.measure(tokens, labels)
        loss.backward()
        self.adam.step()
        return loss.item(), accuracy.item()

    @torch.inference_mode()
    def evaluate(self, tokens, labels):
        loss, accuracy = self.measure(tokens, labels)
        return loss.item(), accuracy.item()


worker.serve("PyTorch", {"torch": torch.__version__}, options, Peer())
