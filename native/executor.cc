#include "executor.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "cpu.h"
#include "error.h"

namespace resnet {

size_t State::bytes() const {
  size_t elements = 1;
  for (long size : shape) elements *= static_cast<size_t>(size);
  return elements * bytesPerElement(dtype);
}

Executor::Executor(int threads)
    : kernels_(selectKernels()), threads_(threads), pool_(std::make_unique<ThreadPool>(threads)) {}

namespace {

std::unique_ptr<State> makeState(const std::string& name, const Shape& shape, DType dtype) {
  auto state = std::make_unique<State>(State{name, shape, dtype, Block(), 1});
  state->block = Block(state->bytes());
  return state;
}

}  // namespace

std::shared_ptr<LoadedProgram> Executor::load(std::unique_ptr<Program> program) {
  verify(*program);
  auto loaded = std::make_shared<LoadedProgram>();
  size_t scratchBytes = 0;
  Scratch persistent;
  for (size_t i = 0; i < program->instructions.size(); i++) {
    OpReader reader(*program, program->instructions[i], i, kernels_, threads_, persistent);
    loaded->calls_.push_back(reader.op.make(reader));
    scratchBytes = std::max(scratchBytes, reader.scratch.bytes());
  }
  loaded->nanoseconds_.assign(program->instructions.size(), 0);
  loaded->pointers_.assign(program->buffers.size(), nullptr);
  loaded->versions_.assign(program->buffers.size(), 0);
  for (const Instruction& instruction : program->instructions) {
    for (const auto& [name, id] : instruction.outputs) {
      const size_t buffer = static_cast<size_t>(id);
      if (program->buffers[buffer].place == Place::state) loaded->written_.push_back(buffer);
    }
  }
  loaded->persistent_ = Block(persistent.bytes());

  std::lock_guard<std::mutex> lock(mutex_);
  requireOpen();
  for (const BufferSpec& buffer : program->buffers) {
    if (buffer.place != Place::state) continue;
    if (const State* state = find(buffer.name)) requireSame(*state, buffer.shape, buffer.dtype);
  }
  std::map<std::string, char*> inputs;
  for (size_t id = 0; id < program->buffers.size(); id++) {
    const BufferSpec& buffer = program->buffers[id];
    if (buffer.place != Place::input) continue;
    char*& data = inputs[buffer.name];
    if (!data) {
      loaded->inputs_.emplace_back(buffer.bytes());
      data = loaded->inputs_.back().data();
    }
    loaded->pointers_[id] = data;
  }
  for (const auto& [name, id] : program->outputs) {
    const size_t buffer = static_cast<size_t>(id);
    loaded->outputs_[buffer].resize(program->buffers[buffer].bytes());
  }
  // All memory first, so that where some is missing nothing has changed.
  Block arena = program->arenaBytes > arena_.size() ? Block(program->arenaBytes) : Block();
  Block scratch = scratchBytes > scratch_.size() ? Block(scratchBytes) : Block();
  std::map<std::string, std::unique_ptr<State>> created;
  for (const BufferSpec& buffer : program->buffers) {
    if (buffer.place != Place::state || find(buffer.name) || created.count(buffer.name)) continue;
    created[buffer.name] = makeState(buffer.name, buffer.shape, buffer.dtype);
  }
  if (arena.size() > 0) arena_ = std::move(arena);
  if (scratch.size() > 0) scratch_ = std::move(scratch);
  for (const BufferSpec& buffer : program->buffers) {
    const auto made = created.find(buffer.name);
    if (buffer.place == Place::state && made != created.end() && made->second) add(std::move(made->second));
  }
  loaded->program_ = std::move(program);
  return loaded;
}

/**
 * Points every buffer at its memory: the arena may have moved since the last run. States that the run
 * writes count as written from now on, even should it fail halfway.
 */
void Executor::bind(LoadedProgram& loaded) {
  const Program& program = loaded.program();
  for (size_t id : loaded.written_) require(program.buffers[id].name).version++;
  for (size_t id = 0; id < program.buffers.size(); id++) {
    const BufferSpec& buffer = program.buffers[id];
    if (buffer.place == Place::arena) loaded.pointers_[id] = arena_.data() + buffer.offset;
    if (buffer.place != Place::state) continue;
    const State& state = require(buffer.name);
    loaded.pointers_[id] = state.block.data();
    loaded.versions_[id] = state.version;
  }
}

void Executor::run(LoadedProgram& loaded) {
  std::lock_guard<std::mutex> lock(mutex_);
  requireOpen();
  const ThreadPool::Turn turn;
  bind(loaded);
  const RunContext context{loaded.pointers_.data(), scratch_.data(),
                           loaded.persistent_.data(), loaded.versions_.data(),
                           *pool_,                 kernels_};
  auto before = std::chrono::steady_clock::now();
  for (size_t i = 0; i < loaded.calls_.size(); i++) {
    if (cancelled_) throw EngineError("ERR_CLOSED", "the executor was closed during the run");
    loaded.calls_[i](context);
    const auto after = std::chrono::steady_clock::now();
    loaded.nanoseconds_[i] = std::chrono::duration<double, std::nano>(after - before).count();
    before = after;
  }
  for (auto& [buffer, copy] : loaded.outputs_) {
    std::memcpy(copy.data(), loaded.pointers_[buffer], copy.size());
  }
}

void Executor::write(const std::string& name, const Shape& shape, DType dtype, const void* data) {
  std::lock_guard<std::mutex> lock(mutex_);
  requireOpen();
  State* state = find(name);
  if (state) {
    requireSame(*state, shape, dtype);
  } else {
    state = &add(makeState(name, shape, dtype));
  }
  state->version++;
  std::memcpy(state->block.data(), data, state->bytes());
}

void Executor::remove(const std::string& name) {
  std::lock_guard<std::mutex> lock(mutex_);
  requireOpen();
  const State* state = &require(name);
  byName_.erase(name);
  states_.erase(std::find_if(states_.begin(), states_.end(),
                             [&](const auto& each) { return each.get() == state; }));
}

void Executor::close() {
  std::lock_guard<std::mutex> lock(mutex_);
  byName_.clear();
  states_.clear();
  arena_ = Block();
  scratch_ = Block();
  pool_.reset();
}

void Executor::requireOpen() const {
  if (!pool_) throw EngineError("ERR_CLOSED", "the executor is closed");
}

State* Executor::find(const std::string& name) const {
  const auto entry = byName_.find(name);
  return entry == byName_.end() ? nullptr : entry->second;
}

State& Executor::require(const std::string& name) const {
  if (State* state = find(name)) return *state;
  throw EngineError("ERR_STATE", "there is no state called \"" + name +
                                     "\": states come from loaded programs and from write");
}

State& Executor::add(std::unique_ptr<State> state) {
  states_.push_back(std::move(state));
  try {
    byName_[states_.back()->name] = states_.back().get();
  } catch (...) {
    states_.pop_back();
    throw;
  }
  return *states_.back();
}

void Executor::requireSame(const State& state, const Shape& shape, DType dtype) const {
  if (state.shape == shape && state.dtype == dtype) return;
  throw EngineError("ERR_STATE", "the state \"" + state.name + "\" is " + dtypeName(state.dtype) +
                                     " of shape " + formatShape(state.shape) + ", not " +
                                     dtypeName(dtype) + " of shape " + formatShape(shape));
}

}  // namespace resnet
