#include "thread_pool.h"

#include <chrono>
#include <set>
#include <string>
#include <system_error>

#include "error.h"

namespace resnet {
namespace {

constexpr auto spinTime = std::chrono::microseconds(40);

inline void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

std::atomic<int> ThreadPool::atWork_{0};
std::atomic<int> ThreadPool::limit_{0};

namespace {

std::mutex sizesMutex;

/** Threads of every pool. Never freed, because pools may go later than what the linker tidies up. */
std::multiset<int>& sizes() {
  static auto* const all = new std::multiset<int>;
  return *all;
}

}  // namespace

ThreadPool::ThreadPool(int threads) {
  try {
    for (int i = 1; i < threads; i++) workers_.emplace_back([this, i] { work(i); });
  } catch (const std::system_error&) {
    const std::string started = std::to_string(workers_.size() + 1);
    stop();
    throw EngineError("ERR_THREADS", "the system starts only " + started + " of " +
                                         std::to_string(threads) + " threads: ask for fewer");
  }
  std::lock_guard<std::mutex> lock(sizesMutex);
  sizes().insert(threads);
  limit_ = *sizes().rbegin();
}

ThreadPool::~ThreadPool() {
  stop();
  std::lock_guard<std::mutex> lock(sizesMutex);
  sizes().erase(sizes().find(threads()));
  limit_ = sizes().empty() ? 0 : *sizes().rbegin();
}

void ThreadPool::stop() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::run(long tasks, Call call, const void* fn) {
  call_ = call;
  fn_ = fn;
  tasks_ = tasks;
  next_.store(0);
  open_.store(++jobs_);
  if (sleepers_.load() > 0 && atWork_.load() < limit_.load()) {
    // The lock makes sure that a worker about to sleep has either seen the job or hears the call.
    { std::lock_guard<std::mutex> lock(mutex_); }
    wake_.notify_all();
  }
  claimTasks(0);
  // A worker that has not come yet is not waited for: it finds the door closed. One that is
  // inside is. Sequential consistency of open_ and inside_ leaves no third case.
  open_.store(0);
  while (inside_.load() != 0) pause();
}

void ThreadPool::claimTasks(int thread) {
  for (;;) {
    const long task = next_.fetch_add(1, std::memory_order_relaxed);
    if (task >= tasks_) return;
    call_(fn_, task, thread);
  }
}

/** Counts this thread as at work, unless as many as there may be already are. */
bool ThreadPool::joinWork() {
  int others = atWork_.load();
  while (others < limit_.load()) {
    if (atWork_.compare_exchange_weak(others, others + 1)) return true;
  }
  return false;
}

void ThreadPool::work(int thread) {
  unsigned long seen = 0;
  bool joined = false;
  while (waitForJob(seen, joined)) {
    joined = joinWork();
    if (!joined) {
      seen = open_.load();  // this job goes on without; the core belongs to somebody else
      continue;
    }
    inside_.fetch_add(1);
    const unsigned long job = open_.load();
    if (job != 0) {
      seen = job;
      claimTasks(thread);
    }
    inside_.fetch_sub(1);
    atWork_.fetch_sub(1);
  }
}

/** True when a job that this worker has not seen is open; false when the pool stops. */
bool ThreadPool::waitForJob(unsigned long& seen, bool spin) {
  const auto isNew = [&] {
    const unsigned long job = open_.load();
    return job != 0 && job != seen;
  };
  const auto giveUp = std::chrono::steady_clock::now() + spinTime;
  for (int spins = 0; spin; spins++) {
    if (isNew()) return true;
    if (stop_.load()) return false;
    if (spins % 64 == 63 && std::chrono::steady_clock::now() > giveUp) break;
    pause();
  }
  std::unique_lock<std::mutex> lock(mutex_);
  sleepers_.fetch_add(1);
  wake_.wait(lock, [&] { return isNew() || stop_.load(); });
  sleepers_.fetch_sub(1);
  return !stop_.load();
}

}  // namespace resnet
