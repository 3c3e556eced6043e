// SPDX-License-Identifier: BSD-2-Clause
// The command lines that replication tools give to mbuffer and pv, word for word, and what of them
// is refused.
#include "cli/personality.hpp"

#include "cli/mbuffer_options.hpp"
#include "cli/pv_options.hpp"
#include "cli/short_options.hpp"

#include <gmock/gmock.h>

#include <cstdint>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace zsluice::cli {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
constexpr std::uint64_t kMemoryBytes = 16'000 * kMiB;
constexpr Surroundings kMachine{.physical_memory_bytes = kMemoryBytes, .require_raw = false};

using Words = std::vector<std::string_view>;
using Parsed = Result<Command, UsageError>;

Words words_of(std::string_view line) {
  Words words;
  while (!line.empty()) {
    const std::size_t end = std::min(line.find(' '), line.size());
    if (end > 0) words.push_back(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return words;
}

const PipeCommand* pipe_of(const Parsed& parsed) {
  return parsed ? std::get_if<PipeCommand>(&*parsed) : nullptr;
}

// A pipe's options that differ from a personality's own, as one line.
class Described {
 public:
  explicit Described(const PipeCommand& command) {
    size("buffer", command.buffer_bytes);
    word(command.common.quiet, "quiet");
    word(command.common.verbose, "verbose");
    word(!command.rate.rate.empty(), "rate=" + command.rate.rate);
    word(!command.rate.input_rate.is_unlimited(),
         "input-rate=" + std::to_string(command.rate.input_rate.bytes_per_second));
    word(command.start_at_percent != 0, "start=" + std::to_string(command.start_at_percent));
    word(command.drain_to_percent != 100, "drain=" + std::to_string(command.drain_to_percent));
    if (command.stall_timeout) {
      word(true, "stall=" + std::to_string(command.stall_timeout->count()));
    }
    for (const std::string& path : command.input_paths) {
      word(true, "in=" + path);
    }
    if (command.output) output(*command.output);
    word(!command.log_path.empty(), "log=" + command.log_path);
    word(command.prints_pid, "pid");
  }
  void add_mbuffer(const MbufferStatus& status) {
    word(status.line, "line");
    word(status.summary, "summary");
  }
  void add_pv(const PvFormat& pv) {
    std::string shown;
    shown += pv.progress ? "p" : "";
    shown += pv.timer ? "t" : "";
    shown += pv.eta ? "e" : "";
    shown += pv.fineta ? "I" : "";
    shown += pv.rate ? "r" : "";
    shown += pv.average_rate ? "a" : "";
    shown += pv.bytes ? "b" : "";
    shown += pv.buffer_percent ? "T" : "";
    word(true, "show=" + shown);
    word(pv.last_written.has_value(), "dots=" + std::to_string(pv.last_written.value_or(0)));
    word(!pv.format.empty(), "format=" + pv.format);
    word(!pv.name.empty(), "name=" + pv.name);
    word(pv.numeric, "numeric");
    word(pv.force, "force");
    word(pv.quiet, "silent");
    word(pv.wait, "wait");
    word(pv.delay.count() != 0, "delay=" + std::to_string(pv.delay.count()));
    word(pv.interval.count() != 1000, "interval=" + std::to_string(pv.interval.count()));
    word(pv.size_bytes.has_value(), "size=" + std::to_string(pv.size_bytes.value_or(0)));
    word(pv.columns.has_value(), "columns=" + std::to_string(pv.columns.value_or(0)));
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  void word(bool is_there, const std::string& text) {
    if (is_there) text_ += (text_.empty() ? "" : " ") + text;
  }
  void size(const std::string& name, std::uint64_t bytes) {
    word(true, name + '=' + format_size(bytes, SizeForm::exact));
  }
  void output(const OutputFile& file) {
    word(true, "out=" + file.path);
    word(file.mode == OutputMode::overwrite, "overwrite");
    word(file.mode == OutputMode::append, "append");
    word(file.synchronous, "synchronous");
  }

  std::string text_;
};

std::string described_mbuffer(const Words& arguments, const Surroundings& machine = kMachine) {
  const Parsed parsed = parse_mbuffer(arguments, machine);
  if (!parsed) return "refused: " + parsed.error().message;
  const PipeCommand* command = pipe_of(parsed);
  if (command == nullptr) return "no pipe";
  Described text(*command);
  text.add_mbuffer(command->mbuffer);
  return text.text();
}

std::string described_pv(const Words& arguments) {
  const Parsed parsed = parse_pv(arguments, kMachine);
  if (!parsed) return "refused: " + parsed.error().message;
  const PipeCommand* command = pipe_of(parsed);
  if (command == nullptr) return "no pipe";
  Described text(*command);
  text.add_pv(command->pv);
  return text.text();
}

struct Row {
  std::string_view line;
  std::string_view expected;
};

TEST(Mbuffer, TakesWhatReplicationToolsGiveIt) {
  const Row table[] = {
      // syncoid (sanoid 2.3): its defaults, --source-bwlimit, --target-bwlimit, --mbuffer-size.
      {"-q -s 128k -m 16M", "buffer=34 MiB quiet"},
      {"-R 30k -q -s 128k -m 16M", "buffer=34 MiB quiet rate=30720"},
      {"-r 1.5m -q -s 128k -m 16M", "buffer=34 MiB quiet input-rate=1572864"},
      {"-q -s 128k -m 1G", "buffer=1 GiB quiet"},
      // bzfs 1.24: -s max(recordsize, 2 MiB) before --mbuffer-program-opts, rates in capitals.
      {"-s 2097152 -q -m 128M", "buffer=128 MiB quiet"},
      {"-s 16777216 -q -m 128M -R 20M", "buffer=128 MiB quiet rate=20971520"},
      {"-q -Q -m 128M", "buffer=128 MiB quiet"},
      // znapzend: ZnapZend::ZFS, mbufferParam and mbuffer_size.
      {"-q -s 256k -W 600 -m 1G", "buffer=1 GiB quiet stall=600"},
      // zfs-autobackup: get_send_pipes() with --buffer 128M and with --rate 10M; values attached.
      {"-q -s128k -m128M", "buffer=128 MiB quiet"},
      {"-q -s128k -m16M -R10M", "buffer=34 MiB quiet rate=10485760"},
      // zfs_autobackup issue 239: --buffer 128k, which mbuffer refuses.
      {"-q -s128k -m128k", "buffer=34 MiB quiet"},
      // pyznap: pyzfs.py, MBUFFER(mem).
      {"-q -s 128K -m 512M", "buffer=512 MiB quiet"},
      {"-q -s 128K -m 1M", "buffer=34 MiB quiet"},
      // zettarepl with a speed limit: all three are bytes.
      {"-q -Q -m 104857600b -r 10485760 -R 10485760",
       "buffer=100 MiB quiet rate=10485760 input-rate=10485760"},
      // btrbk: stream_buffer and rate_limit; older versions ask for 2 % of the memory.
      {"-v 1 -q -m 256m -r 4m", "buffer=256 MiB quiet input-rate=4194304"},
      {"-v 1 -q -s 128k -m 256m", "buffer=256 MiB quiet"},
      {"-v 1 -q -m 2%", "buffer=320 MiB quiet"},
      {"-v 1 -m 2%", "buffer=320 MiB quiet line summary"},
      // A tape, from a cookbook of tar command lines.
      {"-q -s 512k -m 25% -P 90 --tapeaware -o /dev/nst0",
       "buffer=4000 MiB quiet start=90 out=/dev/nst0"},
  };
  for (const Row& row : table) {
    EXPECT_EQ(described_mbuffer(words_of(row.line)), row.expected) << row.line;
  }
}

TEST(Mbuffer, IsNeverStricterThanMbuffer) {
  const Row table[] = {
      {"", "buffer=320 MiB line summary"},
      {"-m 16m", "buffer=34 MiB line summary"},
      {"-m 100m", "buffer=100 MiB line summary"},
      {"-m 1.5G", "buffer=1536 MiB line summary"},
      {"-m 160MiB", "buffer=160 MiB line summary"},
      {"-m 550K", "buffer=34 MiB line summary"},
      {"-m 0", "buffer=34 MiB line summary"},
      {"-m 0.1%", "buffer=34 MiB line summary"},
      {"-m 90%", "buffer=14400 MiB line summary"},
      {"-m 99999999T", "buffer=1 TiB line summary"},
      {"-b 40 -s 1M", "buffer=40 MiB line summary"},
      {"-b 3", "buffer=34 MiB line summary"},
      {"-b 99999999999999999 -s 1G", "buffer=1 TiB line summary"},
      {"-t -m 100G", "buffer=8000 MiB line summary"},
      {"-T /var/tmp/spill -m 64M", "buffer=64 MiB line summary"},
      {"-R 0 -r 0", "buffer=320 MiB line summary"},
      {"-R 500k/s", "buffer=320 MiB rate=512000 line summary"},
      {"-P 80 -p 20", "buffer=320 MiB start=80 drain=20 line summary"},
      {"-W 0", "buffer=320 MiB line summary"},
      {"-i in -o out", "buffer=320 MiB in=in out=out line summary"},
      {"-i - -o -", "buffer=320 MiB in=- line summary"},
      {"-f -o out", "buffer=320 MiB out=out overwrite line summary"},
      {"-f --truncate -c -o out", "buffer=320 MiB out=out overwrite synchronous line summary"},
      {"--append -o out -f", "buffer=320 MiB out=out append line summary"},
      {"-l /tmp/log --pid", "buffer=320 MiB log=/tmp/log pid line summary"},
      {"-q -v 4", "buffer=320 MiB quiet summary"},
      {"-v0", "buffer=320 MiB quiet line summary"},
      {"-v 5", "buffer=320 MiB verbose line summary"},
      {"-v error", "buffer=320 MiB quiet line summary"},
      {"-H --md5 --hash MD5", "buffer=320 MiB line summary"},
      {"-4 -6 -0 -e -d -L -u 10 -a 3 -A /bin/false -n 1 -D 1G --tcpbuffer 1M --tcptimeo 10s",
       "buffer=320 MiB line summary"},
      {"--direct --no-direct", "buffer=320 MiB line summary"},
      {"-qQ", "buffer=320 MiB quiet"},
  };
  for (const Row& row : table) {
    EXPECT_EQ(described_mbuffer(words_of(row.line)), row.expected) << row.line;
  }
}

TEST(Mbuffer, SaysWhichFlagsHaveNoEffect) {
  const Words arguments = {"-H", "--hash", "SHA1", "-t"};
  const Parsed parsed = parse_mbuffer(arguments, kMachine);
  ASSERT_NE(pipe_of(parsed), nullptr);
  EXPECT_THAT(pipe_of(parsed)->remarks,
              testing::ElementsAre("mbuffer: -H: no hash of the data is computed",
                                   "mbuffer: --hash: no hash of the data is computed",
                                   "mbuffer: -t: the buffer is in memory, at most half of the "
                                   "machine's"));
}

TEST(Mbuffer, RefusesWhatWouldLoseData) {
  const std::string network =
      ": network sessions are not there yet; let ssh carry the stream (mbuffer … | ssh HOST …)";
  const std::pair<std::string_view, std::string> table[] = {
      {"-I 9090", "-I" + network},
      {"-s 128k -m 1G -O backup:9090", "-O" + network},
      {"-W 60 -I 10.0.0.1:9090", "-I" + network},
      {"-o a -o b", "-o: one output only; tee(1) makes several of one"},
      {"-o - -o b", "-o: one output only; tee(1) makes several of one"},
      {"-i a -i b", "-i: one input only"},
      {"-n 3 -i /dev/nst0", "-n: an input of several volumes is not supported"},
      {"-m abc", "-m: \"abc\" is not a size (such as 16M, 1.5G, 2%)"},
      {"-m -5", "-m: \"-5\" is not a size (such as 16M, 1.5G, 2%)"},
      {"-m 200%", "-m: \"200%\" is not a part of the memory (1% to 100%)"},
      {"-s x", "-s: \"x\" is not a size (such as 128k)"},
      {"-R fast", "-R: \"fast\" is not a rate (such as 500k, 10M)"},
      {"-P 101", "-P: \"101\" is not a number from 0 to 100"},
      {"-v 9", "-v: \"9\" is not a number from 0 to 6"},
      {"-W abc", "-W: \"abc\" is not a number from 0 to 31536000"},
      {"-b x", "-b: \"x\" is not a number"},
      {"-m", "-m: a value is missing"},
      {"--append=1", "--append: takes no value"},
      {"-Z", "unknown option \"-Z\""},
      {"--frob", "unknown option \"--frob\""},
      {"--t", "ambiguous option \"--t\""},
      {"-q foo", "unexpected argument \"foo\""},
  };
  for (const auto& [line, message] : table) {
    const Parsed parsed = parse_mbuffer(words_of(line), kMachine);
    ASSERT_FALSE(parsed) << line;
    EXPECT_EQ(parsed.error().command, "mbuffer");
    EXPECT_EQ(parsed.error().message, message) << line;
  }
}

TEST(Pv, TakesWhatReplicationToolsGiveIt) {
  const Row table[] = {
      // syncoid: pvoptions and -s with the size of the send; once a size that had underflowed.
      {"-p -t -e -r -b -s 1108016", "buffer=34 MiB show=pterb size=1108016"},
      {"-p -t -e -r -b -s 18446744073170717728",
       "buffer=34 MiB show=pterb size=18446744073170717728"},
      // pyznap: PV(size); into a log it adds -D and -i.
      {"-f -w 100 -s 52428800 -D 60 -i 60",
       "buffer=34 MiB show=pterb force delay=60000 interval=60000 size=52428800 columns=100"},
      // An early bzfs, with --bwlimit.
      {"--rate-limit=20m --progress --timer --eta --rate --bytes --interval=1 --width=100 "
       "--buffer-size=1M",
       "buffer=34 MiB rate=20971520 show=pterb columns=100"},
      // zfs scripts from the web.
      {"-rtab", "buffer=34 MiB show=trab"},
      {"-L 10m -q", "buffer=34 MiB quiet rate=10485760 show=pterb silent"},
  };
  for (const Row& row : table) {
    EXPECT_EQ(described_pv(words_of(row.line)), row.expected) << row.line;
  }
}

TEST(Pv, TakesWhatBzfsGivesIt) {
  // bzfs 1.24, _pv_cmd() with the default --pv-program-opts.
  const Words arguments = {"--progress",
                           "--timer",
                           "--eta",
                           "--fineta",
                           "--rate",
                           "--average-rate",
                           "--bytes",
                           "--interval=1",
                           "--width=120",
                           "--buffer-size=2M",
                           "--force",
                           "--name=125 GiB",
                           "--size=134217728000"};
  EXPECT_EQ(described_pv(arguments),
            "buffer=34 MiB show=pteIrab name=125 GiB force size=134217728000 columns=120");
}

TEST(Pv, TakesTheRestOfItsFlags) {
  const Row table[] = {
      {"", "buffer=34 MiB show=pterb"},
      {"-n", "buffer=34 MiB show= numeric"},
      {"-n -b -t", "buffer=34 MiB show=tb numeric"},
      {"a", "buffer=34 MiB in=a show=pterb"},
      {"a b", "refused: one FILE only: `cat FILE… | pv` joins several"},
      {"-b -- -x", "buffer=34 MiB in=-x show=b"},
      {"--prog --tim", "buffer=34 MiB show=pt"},
      {"-B 64M", "buffer=64 MiB show=pterb"},
      {"-L 0", "buffer=34 MiB show=pterb"},
      {"-L 1.5M", "buffer=34 MiB rate=1572864 show=pterb"},
      {"-i 0", "buffer=34 MiB show=pterb interval=100"},
      {"-i .25", "buffer=34 MiB show=pterb interval=250"},
      {"-i 0.5", "buffer=34 MiB show=pterb interval=500"},
      {"-i 99999999999999999999", "buffer=34 MiB show=pterb interval=600000"},
      {"-D 1.5", "buffer=34 MiB show=pterb delay=1500"},
      {"-s 0", "buffer=34 MiB show=pterb"},
      {"-s 99999999999999999999999", "buffer=34 MiB show=pterb"},
      {"-l -s 1000", "buffer=34 MiB show=pterb"},
      {"-w 0", "buffer=34 MiB show=pterb"},
      {"-w 1000000", "buffer=34 MiB show=pterb columns=4096"},
      {"-A 8 -T -W", "buffer=34 MiB show=T dots=8 wait"},
      {"-F %b:%t", "buffer=34 MiB show=pterb format=%b:%t"},
      {"-o out", "buffer=34 MiB out=out overwrite show=pterb"},
      {"-N \x1b[31m", "buffer=34 MiB show=pterb name=\\x1b[31m"},
      {"-0 -c -C -H 25 -8 -k -g -u plain -x window -m 30 -v -Y -K", "buffer=34 MiB show=pterb"},
  };
  for (const Row& row : table) {
    EXPECT_EQ(described_pv(words_of(row.line)), row.expected) << row.line;
  }
}

TEST(Pv, RefusesWhatWouldChangeTheData) {
  const Row table[] = {
      {"-d 1234:3", "-d: watching another process is not supported"},
      {"-R 1234 -L 1M", "-R: changing a running pv is not supported"},
      {"-P /run/pv.pid", "-P: no file with the process id is written, since -R is not supported"},
      {"-E", "-E: zeros in place of what cannot be read would damage the data"},
      {"-Z 4096", "-Z: zeros in place of what cannot be read would damage the data"},
      {"--stop-at-size -s 10", "--stop-at-size: data is passed whole or not at all"},
      {"-X", "-X: data is never thrown away"},
      {"-U file", "-U: storing before forwarding is not supported"},
      {"-s abc", "-s: \"abc\" is not a size (such as 500k, 1.5G)"},
      {"-s -5", "-s: \"-5\" is not a size (such as 500k, 1.5G)"},
      {"-L x", "-L: \"x\" is not a rate (such as 500k, 10M)"},
      {"-B x", "-B: \"x\" is not a size (such as 500k, 2M)"},
      {"-i x", "-i: \"x\" is not a time in seconds (such as 1, 0.5)"},
      {"-i .", "-i: \".\" is not a time in seconds (such as 1, 0.5)"},
      {"-w wide", "-w: \"wide\" is not a number"},
      {"-z", "unknown option \"-z\""},
      {"-p --name", "--name: a value is missing"},
      {"--r", "ambiguous option \"--r\""},
  };
  for (const Row& row : table) {
    const Parsed parsed = parse_pv(words_of(row.line), kMachine);
    ASSERT_FALSE(parsed) << row.line;
    EXPECT_EQ(parsed.error().command, "pv");
    EXPECT_EQ(parsed.error().message, row.expected) << row.line;
  }
}

TEST(Personality, PassesWhateverTheOtherProgramWouldPass) {
  for (const Personality personality : {Personality::mbuffer, Personality::pv}) {
    const PipeCommand command = foreign_pipe(personality, kMachine);
    EXPECT_EQ(command.personality, personality);
    EXPECT_TRUE(command.policy.allow_plaintext);
    EXPECT_TRUE(command.any_data);
    EXPECT_TRUE(command.concatenated);
    EXPECT_TRUE(command.trailing_data);
    EXPECT_TRUE(command.allow_unproven);
    EXPECT_EQ(command.progress.style, ProgressStyle::off);
  }
}

// A compressed plain stream would pass as "no stream": nobody could say that it is raw.
TEST(Personality, PassesOnlyRawStreamsWhereThatIsRequired) {
  const Surroundings strict{.physical_memory_bytes = kMemoryBytes, .require_raw = true};
  const Words arguments = {"-q", "-m", "64M"};
  const Parsed parsed = parse_mbuffer(arguments, strict);
  ASSERT_NE(pipe_of(parsed), nullptr);
  EXPECT_FALSE(pipe_of(parsed)->policy.allow_plaintext);
  EXPECT_FALSE(pipe_of(parsed)->any_data);
  EXPECT_FALSE(pipe_of(parsed)->trailing_data);
  EXPECT_TRUE(pipe_of(parsed)->concatenated);
}

TEST(Personality, IsTheLastComponentOfTheProgramsPath) {
  EXPECT_EQ(personality_of("mbuffer"), Personality::mbuffer);
  EXPECT_EQ(personality_of("/usr/local/bin/mbuffer"), Personality::mbuffer);
  EXPECT_EQ(personality_of("./pv"), Personality::pv);
  EXPECT_EQ(personality_of("zsluice"), Personality::own);
  EXPECT_EQ(personality_of("mbuffer/zsluice"), Personality::own);
  EXPECT_EQ(personality_of("mbuffer2"), Personality::own);
  EXPECT_EQ(personality_of("/opt/mbuffer/"), Personality::own);
  EXPECT_EQ(personality_of(""), Personality::own);
}

std::string shown_text(const Parsed& parsed) {
  const HelpCommand* help = parsed ? std::get_if<HelpCommand>(&*parsed) : nullptr;
  return help == nullptr ? "" : help->text;
}

TEST(Personality, HelpAndVersionNameWhoAnswers) {
  for (const std::string_view flag : {"-V", "--version"}) {
    const Words arguments = {flag};
    EXPECT_THAT(shown_text(parse_mbuffer(arguments, kMachine)),
                testing::MatchesRegex("zsluice [0-9.]+, answering as mbuffer\n"));
    EXPECT_THAT(shown_text(parse_pv(arguments, kMachine)),
                testing::MatchesRegex("zsluice [0-9.]+, answering as pv\n"));
  }
  for (const std::string_view flag : {"-h", "--help"}) {
    const Words arguments = {flag};
    EXPECT_THAT(shown_text(parse_mbuffer(arguments, kMachine)),
                testing::HasSubstr("This is zsluice, called as mbuffer"));
    EXPECT_THAT(shown_text(parse_pv(arguments, kMachine)),
                testing::HasSubstr("This is zsluice, called as pv"));
  }
}

}  // namespace
}  // namespace zsluice::cli
