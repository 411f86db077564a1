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
    """The network of a configuration, as one writes it in PyTorch."""

    def __init__(self, configuration):
        super().__init__()
        c = self.configuration = configuration
        H, directions = c["hiddenSize"], 1 + c["isBidirectional"]
        self.embedding = torch.nn.Embedding(c["vocabularySize"], c["embeddingSize"])
        self.lstm = torch.nn.LSTM(
            c["embeddingSize"], H, c["layerCount"], batch_first=True, bidirectional=c["isBidirectional"]
        )
        self.dense, size = torch.nn.ModuleList(), directions * H
        for layer in c.get("denseLayers", []):
            self.dense.append(torch.nn.Linear(size, layer["size"]))
            size = layer["size"]
        self.fc = torch.nn.Linear(size, 1)
        # Keras has one bias: the second stays zero.
        for name, parameter in self.lstm.named_parameters():
            if "bias_hh" in name:
                parameter.requires_grad_(False)

    def forward(self, tokens):
        c = self.configuration
        if not c["masksPadding"]:
            outputs, (last, _) = self.lstm(self.embedding(tokens))
            real = None
        else:
            # Packed sequences begin in front: the padding goes to the end.
            lengths = (tokens != 0).sum(1)
            order = (torch.arange(tokens.shape[1]) - lengths[:, None]) % tokens.shape[1]
            vectors = self.embedding(tokens.gather(1, order))
            packed = torch.nn.utils.rnn.pack_padded_sequence(vectors, lengths, batch_first=True, enforce_sorted=False)
            outputs, (last, _) = self.lstm(packed)
            outputs, _ = torch.nn.utils.rnn.pad_packed_sequence(outputs, batch_first=True)
            real = (torch.arange(outputs.shape[1]) < lengths[:, None])[:, :, None]
        if c["pooling"] == "last":
            pooled = last[-1] if not c["isBidirectional"] else torch.cat((last[-2], last[-1]), 1)
        elif c["pooling"] == "max":
            pooled = (outputs if real is None else outputs.masked_fill(~real, -torch.inf)).amax(1)
        else:
            pooled = outputs.mean(1) if real is None else (outputs * real).sum(1) / real.sum(1)
        for layer, kind in zip(self.dense, c.get("denseLayers", [])):
            pooled = getattr(torch, kind["activation"])(layer(pooled))
        return self.fc(pooled)[:, 0]


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
        self.network = Network(worker.read_configuration(options.folder / "weights.safetensors"))
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
