# swift-lstm: LSTM text classifiers, trained on CPUs.
#
#   make build         installs what is missing, builds the release
#   make deps-interop  installs libhdf5, so that the next build reads Keras's files too
#   make deps-mpi      installs Open MPI, for make build MPI=1
#   make train         builds, fetches the IMDB reviews, trains the tutorial's network into Data/run
#   make predict       classifies a text with the network that make train left: make predict TEXT="a wonderful film"
#   make serve         builds with the server, and answers over HTTP with the network that make train left, at port 8080
#   make test          runs every test
#   make test-mpi      builds with MPI; shares runs out over ranks, and over two network namespaces
#   make test-serve    builds with the server; tests it in the process, and against clients
#   make tsan          runs every test under ThreadSanitizer
#   make asan          runs every test under AddressSanitizer
#   make bench         measures speed and memory; PEERS=1 beside PyTorch, Keras and ONNX Runtime, SIZES=1 of several sizes
#   make interop       compares models with PyTorch, ONNX Runtime and Keras, both ways
#   make install       builds, and puts lstm, its completions and manual pages under PREFIX (/usr/local)
#   make uninstall     removes what make install put there
#   make docs          builds the documentation of all libraries as a static site
#   make format        formats the sources
#   make lint          checks sources and imports, and with shellcheck and ruff, where they are, the scripts
#   make clean         removes what was built; data and trained models stay
#
# make install STATIC=1 links Swift's libraries in, for machines without Swift, and honors DESTDIR.
#
# MPI=1 builds with MPI (any of them), which shares a run out over machines; SERVE=1 builds with the server. All builds
# of a checkout must agree about these, or build everything anew.
#
# make train takes PRESET=accurate EPOCHS=3 THREADS=2 DATA=path/to/imdb.npz OUTPUT=path/to/folder. Without a network
# it trains on a small generated sample, and says so. make predict takes OUTPUT, too; without TEXT it reads standard
# input. make serve takes OUTPUT, HOST and PORT. make interop takes DATA.

# SwiftPM hands the traits to the compiler in the order of a set, which is another one in each process, so that a build
# would compile everything anew because of their order alone.
export SWIFT_DETERMINISTIC_HASHING = 1

PREFIX = /usr/local
SWIFT = swift
# Every optional part whose library is here. Asked when a recipe runs, which may be after an installation.
TRAITS = $(shell MPI="$(MPI)" SERVE="$(SERVE)" Scripts/traits.sh)
SOURCES = Package.swift Sources Tests
SCRIPTS = Scripts/*.sh Scripts/*/*.sh .ci/run

.PHONY: help build deps-interop deps-mpi train predict serve test test-mpi test-serve tsan asan bench interop install \
  uninstall docs format lint clean set-up

help:
	@sed -n 's/^#  *\(make [a-z-]*  .*\)/\1/p' Makefile

set-up:
	@Scripts/set-up.sh

build: set-up
	$(SWIFT) build -c release --product lstm $(TRAITS)

deps-interop:
	@Scripts/set-up.sh interop

deps-mpi:
	@Scripts/set-up.sh mpi

# Variables given to make are in the environment of its scripts.
train: build
	@Scripts/train.sh
	@Scripts/train.sh --closing-word

# A text is anybody's words: neither make nor a shell may take `$(…)` in it for a command.
unexport TEXT
export LSTM_TEXT := $(value TEXT)

predict:
	@Scripts/predict.sh

serve:
	@Scripts/serve.sh --check
	$(MAKE) build SERVE=1
	@Scripts/serve.sh

test: set-up
	$(SWIFT) test -c release $(TRAITS)

test-mpi: set-up
	$(MAKE) build MPI=1
	@Scripts/mpi-test.sh
	@Scripts/mpi-hosts.sh

test-serve: SERVE = 1
test-serve: set-up
	$(SWIFT) test -c release $(TRAITS) --filter ServingTests
	@Scripts/serve-test.sh

# A report of a deadlock shows the calls of both threads. By TSAN_OPTIONS or ASAN_OPTIONS, tests that limit memory know
# that a sanitizer is at work.
tsan: set-up
	TSAN_OPTIONS=second_deadlock_stack=1 $(SWIFT) test -c release --sanitize=thread --scratch-path .build-tsan $(TRAITS)

# Leaks aren't looked for: what lives until a process ends isn't given back.
asan: set-up
	ASAN_OPTIONS=detect_leaks=0 $(SWIFT) test -c release --sanitize=address --scratch-path .build-asan $(TRAITS)

bench: build
	@Scripts/bench.sh

interop: deps-interop build
	@Scripts/interop.sh

install:
	@PREFIX="$(PREFIX)" DESTDIR="$(DESTDIR)" Scripts/install.sh

uninstall:
	@PREFIX="$(PREFIX)" DESTDIR="$(DESTDIR)" Scripts/install.sh --uninstall

docs: set-up
	@Scripts/docs.sh

format:
	$(SWIFT) format --in-place --recursive --parallel $(SOURCES)

lint:
	$(SWIFT) format lint --strict --recursive --parallel $(SOURCES)
	python3 Scripts/check-modules.py
	for script in $(SCRIPTS); do bash -n "$$script" || exit 1; done
	if command -v shellcheck >/dev/null; then shellcheck $(SCRIPTS); else echo "Left out: shellcheck isn't installed."; fi
	PATH="$$PWD/.venv-lint/bin:$$PATH"; if command -v ruff >/dev/null; \
	  then ruff check Scripts && ruff format --check Scripts; else echo "Left out: ruff isn't installed."; fi

clean:
	$(SWIFT) package clean
	rm -f Data/*.partial
