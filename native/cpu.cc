#include "cpu.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>
#include <utility>

#include "error.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__linux__)
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace resnet {
namespace {

#if defined(__x86_64__)
struct X86Features {
  bool avx2 = false, avx512 = false, avx512Bf16 = false, amxBf16 = false;
};

/** Asks the system once for the memory that it needs to save a thread's tiles. */
bool tilesAllowed() {
#if defined(__linux__)
  constexpr int requestPermission = 0x1023, tileData = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  static const bool allowed = syscall(SYS_arch_prctl, requestPermission, tileData) == 0;
  return allowed;
#else
  return false;
#endif
}

/** Whether the tiles are those of tile_registers.h: eight, of 16 rows of 64 bytes. */
bool tilesFit() {
  unsigned a, b, c, d;
  if (!__get_cpuid_count(0x1d, 1, &a, &b, &c, &d)) return false;
  return a >> 16 >= 1024 && (b & 0xffff) >= 64 && b >> 16 >= 8 && (c & 0xffff) >= 16;
}

/** An instruction set counts only if the operating system also saves its registers (XCR0). */
X86Features detect() {
  X86Features found;
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return found;
  const bool fma = c & bit_FMA, osxsave = c & bit_OSXSAVE, avx = c & bit_AVX;
  if (!osxsave || !avx || !fma) return found;
  unsigned low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  if ((low & 0x6) != 0x6) return found;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return found;
  found.avx2 = b & bit_AVX2;
  const unsigned needed = bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL;
  found.avx512 = found.avx2 && (b & needed) == needed && (low & 0xe6) == 0xe6;
  constexpr unsigned bf16Bit = 1u << 5;  // of EAX, leaf 7.1
  constexpr unsigned amxBits = 1u << 24 | 1u << 22;  // AMX-TILE and AMX-BF16, of EDX
  constexpr unsigned tileState = 0x3 << 17;
  const bool amx = (d & amxBits) == amxBits && (low & tileState) == tileState;
  const bool leaf71 = a >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d);
  found.avx512Bf16 = found.avx512 && leaf71 && (a & bf16Bit);
  found.amxBf16 = found.avx512Bf16 && amx && tilesFit() && tilesAllowed();
  return found;
}
#endif

std::vector<const Kernels*> supported() {
  std::vector<const Kernels*> list;
#if defined(__x86_64__)
  static const X86Features features = detect();  // which a virtual machine answers slowly
#if defined(RESNET_HAS_AMX) && !defined(RESNET_EMULATE_AMX)
  if (features.amxBf16) list.push_back(&amxBf16Kernels);
#endif
  if (features.avx512Bf16) list.push_back(&avx512Bf16Kernels);
  if (features.avx512) list.push_back(&avx512Kernels);
  if (features.avx2) list.push_back(&avx2Kernels);
#if defined(RESNET_EMULATE_AMX)
  if (features.RESNET_EMULATE_AMX) list.push_back(&amxBf16Kernels);  // for those who ask for it
#endif
#endif
  list.push_back(&portableKernels);
  return list;
}

#if defined(__linux__)
/** The folder of a control group and of all groups above it, "" last. */
std::vector<std::string> groupFolders(std::string path) {
  std::vector<std::string> folders;
  for (; path.size() > 1; path.resize(path.find_last_of('/'))) folders.push_back(path);
  folders.push_back("");
  return folders;
}

/** The quota over the period, in CPUs' worth of time; infinity where a file is missing or says none. */
double quotaOf(std::istream& share, std::istream& period) {
  double numerator, denominator;
  if (!(share >> numerator) || !(period >> denominator)) return INFINITY;
  return numerator > 0 && denominator > 0 ? numerator / denominator : INFINITY;
}

/** CPUs' worth of time that control groups (version 2 and 1) grant; infinity without a limit. */
double groupQuota() {
  double quota = INFINITY;
  const std::string top = "/sys/fs/cgroup";
  // A line is number:controllers:path; version 2 has no controllers. In a container the path may be
  // the host's, so that only the top can be read.
  std::ifstream self("/proc/self/cgroup");
  for (std::string line; std::getline(self, line);) {
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    for (const std::string& folder : groupFolders(line.substr(second + 1))) {
      if (controllers.empty()) {
        std::ifstream file(top + folder + "/cpu.max");
        quota = std::min(quota, quotaOf(file, file));
      } else if (("," + controllers + ",").find(",cpu,") != std::string::npos) {
        const std::string group = top + "/cpu" + folder;
        std::ifstream share(group + "/cpu.cfs_quota_us"), period(group + "/cpu.cfs_period_us");
        quota = std::min(quota, quotaOf(share, period));
      }
    }
  }
  return quota;
}

std::vector<int> allowedCpus() {
  std::vector<int> cpus;
  // The mask must be as long as the kernel's own; grow it until it is.
  for (int count = 1024; count <= 1 << 20; count *= 2) {
    cpu_set_t* set = CPU_ALLOC(count);
    const size_t bytes = CPU_ALLOC_SIZE(count);
    const bool ok = sched_getaffinity(0, bytes, set) == 0;
    for (int cpu = 0; ok && cpu < count; cpu++) {
      if (CPU_ISSET_S(cpu, bytes, set)) cpus.push_back(cpu);
    }
    CPU_FREE(set);
    if (ok) break;
  }
  return cpus;
}
#endif

}  // namespace

std::vector<std::string> supportedIsas() {
  std::vector<std::string> names;
  for (const Kernels* kernels : supported()) names.push_back(kernels->isa);
  return names;
}

const Kernels& selectKernels() {
  const std::vector<const Kernels*> list = supported();
  const char* wanted = std::getenv("RESNET_ISA");
  if (!wanted || !*wanted) return *list.front();
  std::string names;
  for (const Kernels* kernels : list) {
    if (wanted == std::string(kernels->isa)) return *kernels;
    names += std::string(names.empty() ? "" : ", ") + kernels->isa;
  }
  throw EngineError("ERR_ISA", "RESNET_ISA is \"" + std::string(wanted) +
                                   "\" but this processor runs: " + names);
}

int availableThreads() {
  int count = static_cast<int>(std::thread::hardware_concurrency());
#if defined(__linux__)
  const std::vector<int> cpus = allowedCpus();
  if (!cpus.empty()) count = static_cast<int>(cpus.size());
  const double quota = groupQuota();
  if (quota < count) count = static_cast<int>(std::floor(quota));
#endif
  return std::max(count, 1);
}

int physicalCores() {
  const int threads = availableThreads();
#if defined(__linux__)
  std::set<std::string> cores;
  for (int cpu : allowedCpus()) {
    std::ifstream file("/sys/devices/system/cpu/cpu" + std::to_string(cpu) +
                       "/topology/thread_siblings_list");
    std::string siblings;
    if (!(file >> siblings)) return threads;
    cores.insert(siblings);
  }
  if (!cores.empty()) return std::min<int>(threads, static_cast<int>(cores.size()));
#endif
  return threads;
}

}  // namespace resnet
