// addon.cc
//
// Everything JavaScript sees, and every check of what JavaScript gives. Errors thrown here carry a
// stable `code`; src/node/native/ makes ResnetErrors of them.
//
//   capabilities() -> { isa, isas, bf16, threads, physicalCores }
//   peak(threads) -> { flopsPerSecond, bf16FlopsPerSecond, bytesPerSecond }, measured
//   resampleAxis(source, target, outer, inner, taps), image_loops.h
//   copyPixels(source, target, channels, walk), image_loops.h
//   new Executor(threads)
//     .isa .threads
//     .load(program) -> Program
//     .write(name, hostArray)  .read(name) -> hostArray
//     .remove(name)  .states() -> [{ name, shape, dtype }]
//     .cancel(): the run in progress ends soon, and no other begins
//     .close()
//   Program
//     .run({ name: hostArray | number }) -> Promise<{ name: hostArray }>
//     .nanoseconds() -> Float64Array, of each instruction of the last run
//     .close()
//
// A program must not be run again before its promise has settled: the caller queues.

#include <napi.h>

#include <cstring>
#include <new>
#include <set>

#include "cpu.h"
#include "element.h"
#include "error.h"
#include "executor.h"
#include "image_loops.h"
#include "peak.h"
#include "read_program.h"

namespace resnet {
namespace {

constexpr int maxThreads = 1024;

Napi::Error codedError(Napi::Env env, const char* code, const std::string& message) {
  Napi::Error error = Napi::Error::New(env, message);
  error.Set("code", Napi::String::New(env, code));
  return error;
}

/** Runs fn and turns the engine's errors into JavaScript's. */
template <class Fn>
auto guarded(Napi::Env env, const Fn& fn) {
  try {
    return fn();
  } catch (const EngineError& error) {
    throw codedError(env, error.code, error.what());
  } catch (const std::bad_alloc&) {
    throw codedError(env, "ERR_MEMORY", "the native executor is out of memory");
  }
}

/** Runs a program off the JavaScript thread. */
class RunWorker : public Napi::AsyncWorker {
 public:
  RunWorker(Napi::Env env, std::shared_ptr<Executor> executor,
            std::shared_ptr<LoadedProgram> program, std::shared_ptr<bool> running)
      : AsyncWorker(env, "resnet.run"), deferred_(Napi::Promise::Deferred::New(env)),
        executor_(std::move(executor)), program_(std::move(program)),
        running_(std::move(running)) {}

  Napi::Promise promise() const { return deferred_.Promise(); }

  void Execute() override {
    try {
      executor_->run(*program_);
    } catch (const EngineError& error) {
      code_ = error.code;
      SetError(error.what());
    }
  }

  void OnOK() override {
    *running_ = false;
    const Napi::Env env = Env();
    Napi::Object results = Napi::Object::New(env);
    const Program& program = program_->program();
    for (const auto& [name, id] : program.outputs) {
      const BufferSpec& spec = program.buffers[static_cast<size_t>(id)];
      results.Set(name, makeHostArray(env, spec.shape, spec.dtype,
                                      program_->outputData(static_cast<size_t>(id))));
    }
    deferred_.Resolve(results);
  }

  void OnError(const Napi::Error& error) override {
    *running_ = false;
    deferred_.Reject(codedError(Env(), code_, error.Message()).Value());
  }

 private:
  Napi::Promise::Deferred deferred_;
  std::shared_ptr<Executor> executor_;
  std::shared_ptr<LoadedProgram> program_;
  std::shared_ptr<bool> running_;
  const char* code_ = "ERR_RUN";
};

class ProgramObject : public Napi::ObjectWrap<ProgramObject> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Program",
                       {InstanceMethod<&ProgramObject::run>("run"),
                        InstanceMethod<&ProgramObject::nanoseconds>("nanoseconds"),
                        InstanceMethod<&ProgramObject::close>("close")});
  }

  explicit ProgramObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {}

  void attach(std::shared_ptr<Executor> executor, std::shared_ptr<LoadedProgram> program) {
    executor_ = std::move(executor);
    program_ = std::move(program);
  }

 private:
  Napi::Value run(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    requireAttached(env);
    if (*running_) throw codedError(env, "ERR_INPUT", "the program is running already");
    guarded(env, [&] { copyInputs(info[0]); });
    auto* worker = new RunWorker(env, executor_, program_, running_);
    const Napi::Promise promise = worker->promise();
    *running_ = true;
    worker->Queue();
    return promise;
  }

  /** Copies every input to its place; refuses missing, unknown and ill-fitting ones. */
  void copyInputs(const Napi::Value& value) {
    if (!value.IsObject()) throw EngineError("ERR_INPUT", "inputs must be an object");
    const Napi::Object inputs = value.As<Napi::Object>();
    const Program& program = program_->program();
    std::set<std::string> names;
    for (size_t id = 0; id < program.buffers.size(); id++) {
      const BufferSpec& spec = program.buffers[id];
      if (spec.place != Place::input || !names.insert(spec.name).second) continue;
      const std::string what = "the input \"" + spec.name + "\" of " + program.name;
      const Napi::Value given = inputs.Get(spec.name);
      if (given.IsUndefined()) throw EngineError("ERR_INPUT", what + " is missing");
      copyInput(given, spec, what, program_->inputData(id));
    }
    const Napi::Array keys = inputs.GetPropertyNames();
    for (uint32_t i = 0; i < keys.Length(); i++) {
      const std::string name = Napi::Value(keys[i]).ToString().Utf8Value();
      if (!names.count(name)) {
        throw EngineError("ERR_INPUT", program.name + " has no input called \"" + name + "\"");
      }
    }
  }

  void copyInput(const Napi::Value& given, const BufferSpec& spec, const std::string& what,
                 char* target) {
    if (given.IsNumber()) {
      if (!spec.shape.empty()) {
        throw EngineError("ERR_INPUT", what + " is an array of shape " + formatShape(spec.shape) +
                                           " but a number was given");
      }
      copyNumber(given.As<Napi::Number>(), spec.dtype, target);
      return;
    }
    const HostArrayView view = readHostArray(given, what, "ERR_INPUT");
    if (view.shape != spec.shape || view.dtype != spec.dtype) {
      throw EngineError("ERR_INPUT", what + " is " + dtypeName(spec.dtype) + " of shape " +
                                         formatShape(spec.shape) + " but " +
                                         dtypeName(view.dtype) + " of shape " +
                                         formatShape(view.shape) + " was given");
    }
    std::memcpy(target, view.data, spec.bytes());
  }

  void copyNumber(const Napi::Number& number, DType dtype, char* target) {
    if (dtype == DType::f32) {
      const float value = number.FloatValue();
      std::memcpy(target, &value, sizeof value);
    } else if (dtype == DType::bf16) {
      const bf16 value = fromFloat<bf16>(number.FloatValue());
      std::memcpy(target, &value, sizeof value);
    } else {
      const int32_t value = number.Int32Value();
      std::memcpy(target, &value, bytesPerElement(dtype));
    }
  }

  Napi::Value nanoseconds(const Napi::CallbackInfo& info) {
    requireAttached(info.Env());
    if (*running_) {
      throw codedError(info.Env(), "ERR_INPUT", "the program is running: await the run first");
    }
    const std::vector<double>& times = program_->nanoseconds();
    Napi::Float64Array array = Napi::Float64Array::New(info.Env(), times.size());
    for (size_t i = 0; i < times.size(); i++) array[i] = times[i];
    return array;
  }

  /** Frees the program; a run in progress keeps it until it ends. */
  void close(const Napi::CallbackInfo&) {
    program_.reset();
    executor_.reset();
  }

  void requireAttached(Napi::Env env) const {
    if (!program_) throw codedError(env, "ERR_PROGRAM", "programs come from Executor.load, and are used until they are closed");
  }

  std::shared_ptr<Executor> executor_;
  std::shared_ptr<LoadedProgram> program_;
  std::shared_ptr<bool> running_ = std::make_shared<bool>(false);
};

struct AddonData {
  Napi::FunctionReference program;
};

/** The number of threads that a call's first argument gives. */
int readThreads(const Napi::CallbackInfo& info) {
  const double threads = info[0].IsNumber() ? info[0].As<Napi::Number>().DoubleValue() : 0;
  if (!(threads >= 1 && threads <= maxThreads) ||
      threads != static_cast<double>(static_cast<int>(threads))) {
    throw codedError(info.Env(), "ERR_THREADS",
                     "threads must be an integer from 1 to " + std::to_string(maxThreads));
  }
  return static_cast<int>(threads);
}

class ExecutorObject : public Napi::ObjectWrap<ExecutorObject> {
 public:
  static Napi::Function define(Napi::Env env) {
    return DefineClass(env, "Executor",
                       {InstanceAccessor<&ExecutorObject::isa>("isa"),
                        InstanceAccessor<&ExecutorObject::threads>("threads"),
                        InstanceMethod<&ExecutorObject::load>("load"),
                        InstanceMethod<&ExecutorObject::write>("write"),
                        InstanceMethod<&ExecutorObject::read>("read"),
                        InstanceMethod<&ExecutorObject::remove>("remove"),
                        InstanceMethod<&ExecutorObject::states>("states"),
                        InstanceMethod<&ExecutorObject::cancel>("cancel"),
                        InstanceMethod<&ExecutorObject::close>("close")});
  }

  explicit ExecutorObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {
    const int threads = readThreads(info);
    guarded(info.Env(), [&] { executor_ = std::make_shared<Executor>(threads); });
  }

 private:
  Napi::Value isa(const Napi::CallbackInfo& info) {
    return Napi::String::New(info.Env(), executor_->kernels().isa);
  }

  Napi::Value threads(const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(), executor_->threads());
  }

  Napi::Value load(const Napi::CallbackInfo& info) {
    const auto loaded =
        guarded(info.Env(), [&] { return executor_->load(readProgram(info[0])); });
    const Napi::Object object = info.Env().GetInstanceData<AddonData>()->program.New({});
    ProgramObject::Unwrap(object)->attach(executor_, loaded);
    return object;
  }

  std::string name(const Napi::CallbackInfo& info) {
    if (!info[0].IsString()) {
      throw codedError(info.Env(), "ERR_STATE", "the name of a state must be a string");
    }
    return info[0].As<Napi::String>().Utf8Value();
  }

  void write(const Napi::CallbackInfo& info) {
    const std::string state = name(info);
    guarded(info.Env(), [&] {
      const HostArrayView view = readHostArray(info[1], "the state \"" + state + "\"", "ERR_STATE");
      executor_->write(state, view.shape, view.dtype, view.data);
    });
  }

  Napi::Value read(const Napi::CallbackInfo& info) {
    const std::string wanted = name(info);
    Napi::Value result;
    guarded(info.Env(), [&] {
      executor_->read(wanted, [&](const State& state) {
        result = makeHostArray(info.Env(), state.shape, state.dtype, state.block.data());
      });
    });
    return result;
  }

  Napi::Value states(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    Napi::Array list = Napi::Array::New(env);
    guarded(env, [&] { executor_->forStates([&](const State& state) {
      Napi::Object entry = Napi::Object::New(env);
      entry["name"] = Napi::String::New(env, state.name);
      entry["shape"] = makeShape(env, state.shape);
      entry["dtype"] = Napi::String::New(env, dtypeName(state.dtype));
      list[list.Length()] = entry;
    }); });
    return list;
  }

  void remove(const Napi::CallbackInfo& info) {
    const std::string state = name(info);
    guarded(info.Env(), [&] { executor_->remove(state); });
  }

  void cancel(const Napi::CallbackInfo&) { executor_->cancel(); }

  void close(const Napi::CallbackInfo&) { executor_->close(); }

  std::shared_ptr<Executor> executor_;
};

Napi::Value capabilities(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return guarded(env, [&] {
    Napi::Object result = Napi::Object::New(env);
    Napi::Array isas = Napi::Array::New(env);
    for (const std::string& isa : supportedIsas()) isas[isas.Length()] = isa;
    result["isa"] = Napi::String::New(env, selectKernels().isa);
    result["isas"] = isas;
    result["bf16"] = Napi::Boolean::New(env, selectKernels().multipliesBf16);
    result["threads"] = Napi::Number::New(env, availableThreads());
    result["physicalCores"] = Napi::Number::New(env, physicalCores());
    return result;
  });
}

Napi::Value peak(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const int threads = readThreads(info);
  return guarded(env, [&] {
    const Peak measured = measurePeak(threads);
    Napi::Object result = Napi::Object::New(env);
    result["flopsPerSecond"] = Napi::Number::New(env, measured.flopsPerSecond);
    result["bf16FlopsPerSecond"] = Napi::Number::New(env, measured.bf16FlopsPerSecond);
    result["bytesPerSecond"] = Napi::Number::New(env, measured.bytesPerSecond);
    return result;
  });
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  auto* data = new AddonData{Napi::Persistent(ProgramObject::define(env))};
  env.SetInstanceData(data);
  exports["Executor"] = ExecutorObject::define(env);
  exports["peak"] = Napi::Function::New(env, peak, "peak");
  exports["resampleAxis"] = Napi::Function::New(env, resampleAxis, "resampleAxis");
  exports["copyPixels"] = Napi::Function::New(env, copyPixels, "copyPixels");
  exports["capabilities"] = Napi::Function::New(env, capabilities, "capabilities");
  return exports;
}

NODE_API_MODULE(resnet, initialize)

}  // namespace
}  // namespace resnet
