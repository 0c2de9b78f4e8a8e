// executor.h: keeps the state that programs share, and runs programs one at a time.

#pragma once
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "memory.h"
#include "ops/op.h"
#include "program.h"
#include "thread_pool.h"

namespace resnet {

struct State {
  std::string name;
  Shape shape;
  DType dtype;
  Block block;
  uint64_t version = 1;  // increases with each run or write that may have changed the value

  size_t bytes() const;
};

/** A verified program, its kernel calls, and the memory of its inputs. */
class LoadedProgram {
 public:
  const Program& program() const { return *program_; }
  /** The memory into which the value of an input is copied before a run. */
  char* inputData(size_t buffer) const { return pointers_[buffer]; }
  /** A copy that the last run made of an output: another load or run may move or reuse the arena. */
  const char* outputData(size_t buffer) const { return outputs_.at(buffer).data(); }
  /** Nanoseconds that each instruction took in the last run. */
  const std::vector<double>& nanoseconds() const { return nanoseconds_; }

 private:
  friend class Executor;
  std::unique_ptr<Program> program_;  // calls point into it
  std::vector<KernelCall> calls_;
  std::vector<char*> pointers_;
  std::vector<Block> inputs_;
  std::map<size_t, std::vector<char>> outputs_;  // by buffer
  Block persistent_;  // memory that calls keep from run to run, such as packed weights
  std::vector<uint64_t> versions_;  // of the states behind the buffers
  std::vector<size_t> written_;     // buffers of states that the program writes
  std::vector<double> nanoseconds_;
};

/** Every method may be called from any thread; they take turns. */
class Executor {
 public:
  /** @throws EngineError ERR_ISA for a RESNET_ISA that cannot be met */
  explicit Executor(int threads);

  const Kernels& kernels() const { return kernels_; }
  int threads() const { return threads_; }

  /** @throws EngineError ERR_PROGRAM, ERR_STATE or ERR_MEMORY; then nothing has changed */
  std::shared_ptr<LoadedProgram> load(std::unique_ptr<Program> program);

  /** @throws EngineError ERR_INDEX, ERR_CLOSED; states written by earlier instructions keep their new values */
  void run(LoadedProgram& loaded);

  /** Makes the run in progress, and every later one, end before its next instruction. Does not wait for it. */
  void cancel() { cancelled_ = true; }

  /** Frees all memory and threads; every later call throws ERR_CLOSED. */
  void close();

  /** Copies `data` into the state, creating it if it does not exist. */
  void write(const std::string& name, const Shape& shape, DType dtype, const void* data);

  /** Frees a state: a program that names it can no longer run. @throws EngineError ERR_STATE */
  void remove(const std::string& name);

  /** Calls fn(state) while no run is in progress. @throws EngineError ERR_STATE */
  template <class Fn>
  void read(const std::string& name, const Fn& fn) {
    std::lock_guard<std::mutex> lock(mutex_);
    requireOpen();
    fn(static_cast<const State&>(require(name)));
  }

  /** Calls fn(state) for every state, in order of creation. */
  template <class Fn>
  void forStates(const Fn& fn) {
    std::lock_guard<std::mutex> lock(mutex_);
    requireOpen();
    for (const auto& state : states_) fn(static_cast<const State&>(*state));
  }

 private:
  void requireOpen() const;
  State* find(const std::string& name) const;
  State& require(const std::string& name) const;
  State& add(std::unique_ptr<State> state);
  void requireSame(const State& state, const Shape& shape, DType dtype) const;
  void bind(LoadedProgram& loaded);

  const Kernels& kernels_;
  const int threads_;
  std::unique_ptr<ThreadPool> pool_;  // null once closed
  std::mutex mutex_;
  std::atomic<bool> cancelled_{false};
  std::vector<std::unique_ptr<State>> states_;
  std::map<std::string, State*> byName_;
  Block arena_;    // as large as the largest loaded program's
  Block scratch_;  // as large as the largest loaded call's
};

}  // namespace resnet
