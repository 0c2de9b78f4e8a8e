// thread_pool.h
//
// The engine's own threads. The caller of parallelFor works too; the others spin for a moment
// between calls, because a program is a dense run of them, and then sleep. Which thread runs which
// task is left open, so tasks must not let their results depend on it.
//
// Executors of one process share its cores. All pools together never have more threads at work than
// the largest of them may have: callers always work, and a worker joins only while there is room. Two
// runs at a time on two cores thus take one core each, instead of four threads getting into each
// other's way, and a pool has all its threads again as soon as the others are idle.

#pragma once
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

namespace resnet {

class ThreadPool {
 public:
  /** @throws EngineError ERR_THREADS if the system does not start that many */
  explicit ThreadPool(int threads);
  ~ThreadPool();

  /** Counts the calling thread as at work for as long as it lives: around all calls of a run. */
  class Turn {
   public:
    Turn() { atWork_.fetch_add(1); }
    ~Turn() { atWork_.fetch_sub(1); }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
  };

  int threads() const { return static_cast<int>(workers_.size()) + 1; }

  /** Calls fn(task, thread) for every task in 0 … tasks−1; `thread` numbers the threads from 0. */
  template <class Fn>
  void parallelFor(long tasks, const Fn& fn) {
    if (tasks <= 1 || workers_.empty()) {
      for (long task = 0; task < tasks; task++) fn(task, 0);
      return;
    }
    run(tasks, [](const void* f, long task, int thread) {
      (*static_cast<const Fn*>(f))(task, thread);
    }, &fn);
  }

 private:
  using Call = void (*)(const void* fn, long task, int thread);

  void run(long tasks, Call call, const void* fn);
  void work(int thread);
  void stop();
  void claimTasks(int thread);
  bool waitForJob(unsigned long& seen, bool spin);
  static bool joinWork();

  static std::atomic<int> atWork_;  // threads of all pools
  static std::atomic<int> limit_;   // threads of the largest pool

  // The open job. Fields change only while no job is open and no worker is inside one.
  Call call_ = nullptr;
  const void* fn_ = nullptr;
  long tasks_ = 0;
  alignas(64) std::atomic<long> next_{0};
  alignas(64) std::atomic<unsigned long> open_{0};  // number of the open job, 0 when none
  alignas(64) std::atomic<int> inside_{0};          // workers inside the open job
  alignas(64) std::atomic<int> sleepers_{0};
  std::atomic<bool> stop_{false};
  unsigned long jobs_ = 0;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::thread> workers_;
};

}  // namespace resnet
