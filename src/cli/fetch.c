/* unbrick fetch: a file from the vendor, whole and the one that was meant, or not at all. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/cli/output.h"
#include "src/cli/progress.h"
#include "src/core/download.h"
#include "src/io/loop.h"
#include "src/media/examine.h"

enum { OUTPUT, SHA256, SHA512, SHA1, MD5, SUMS, NO_HASH, FORCE, MAX_SIZE, TIMEOUT, TRIES, JSON };

static const struct cli_option options[] = {
	[OUTPUT] = { "output", "FILE", "where to (also -o); without it: the URL's last part, here" },
	[SHA256] = { "sha256", "HASH", "what the file must have, as the vendor says it" },
	[SHA512] = { "sha512", "HASH", "the same" },
	[SHA1] = { "sha1", "HASH", "the same; protects against damage, not against forgery" },
	[MD5] = { "md5", "HASH", "the same; protects against damage, not against forgery" },
	[SUMS] = { "sums", "LIST", "the vendor's list of checksums (SHA256SUMS), which names the file; a value without a word of its algorithm may be of any of its length" },
	[NO_HASH] = { "no-hash", NULL, "no checksum is known: nothing is compared" },
	[FORCE] = { "force", NULL, "replace another file that is there already" },
	[MAX_SIZE] = { "max-size", "SIZE", "stop at a larger file (4GiB)" },
	[TIMEOUT] = { "timeout", "SECONDS", "how long no byte may come (60)" },
	[TRIES] = { "tries", "NUMBER", "how often a cut transfer is begun, from the start (4)" },
	[JSON] = { "json", NULL, "one JSON object a line" },
	{ NULL, NULL, NULL },
};

enum { SECONDS_MAX = 3600, TRIES_MAX = 20 };

struct fetch {
	struct loop *loop;
	struct download *download;
	bool json, is_checked;
	uint64_t since_ms;	/* of this try, for the rate */
	struct progress_line progress;
	int exit_code;
};

DEFINE_AUTO(loop);
DEFINE_AUTO(download);

static int class_of(enum status status)
{
	switch (status) {
	case STATUS_CANCELLED:
		return EXIT_INTERRUPTED;
	case STATUS_INVALID:
		return EXIT_FAULT_FOUND;
	case STATUS_REFUSED:
		return EXIT_REFUSED;
	case STATUS_GONE:
	case STATUS_TIMEOUT:
	case STATUS_PROTOCOL:
	case STATUS_NOT_FOUND:
		return EXIT_NETWORK;
	default:
		return EXIT_FAILED;
	}
}

/* ---- progress, on a terminal only ---- */

static void show_progress(struct fetch *f, uint64_t bytes, uint64_t total, uint64_t rate)
{
	char line[160] = "  ";

	progress_append(line, sizeof(line), bytes, total, rate);
	progress_append_left(line, sizeof(line), bytes, total, rate);
	progress_show(&f->progress, line);
}

static void on_progress(void *user, uint64_t bytes, uint64_t total)
{
	struct fetch *f = user;
	uint64_t rate = progress_rate(bytes, f->since_ms);

	if (f->json)
		output_event(stdout, json_pack("{s:s, s:I, s:o, s:I}", "event", "progress", "bytes", (json_int_t)bytes,
					       "total", total ? json_integer((json_int_t)total) : json_null(),
					       "bytes_per_second", (json_int_t)rate));
	else
		show_progress(f, bytes, total, rate);
}

static void on_again(void *user, unsigned attempt, unsigned pause_ms, const struct error *why)
{
	struct fetch *f = user;

	progress_clear(&f->progress);
	f->since_ms = loop_now_ms() + pause_ms;
	if (f->json)
		output_event(stdout, json_pack("{s:s, s:i, s:i, s:o}", "event", "again", "attempt", (int)attempt,
					       "pause_ms", (int)pause_ms, "reason", output_json_text(why->text)));
	else
		output_text("%s\n  try %u begins from the start in %u s\n", why->text, attempt, pause_ms / 1000);
	fflush(stdout);
}

/* ---- the end ---- */

/* No more than what was observed. */
static const char *what_was_done(const struct fetch_result *result)
{
	if (!result->was_there)
		return "fetched";
	return result->match.size ? "already there and right" : "already there, the same as what the server has";
}

/* Where nothing was compared, damage that the file shows itself is told at least. */
static bool is_damaged(const struct fetch *f, const struct fetch_result *result, struct examination *ret_examination)
{
	const struct examine_options look = { .look = IMAGE_LOOK_QUICK };
	struct error error;

	return result->match.size == 0 && examine_file(download_target(f->download), &look, ret_examination, &error) == STATUS_OK &&
	       ret_examination->facts.whole == IMAGE_NO;
}

static void print_damage(const struct image_facts *facts)
{
	for (unsigned i = 0; i < facts->broken_count; i++)
		output_text("  IT IS DAMAGED, at 0x%" PRIx64 ": %s\n", facts->problems[i].offset, facts->problems[i].what);
	output_text("  do not flash it; fetch it again, and give the vendor's checksum\n");
}

static void print_trust(const struct fetch_result *result)
{
	bool is_weak = result->match.size > 0 && checksum_is_weak(&result->match);

	if (result->match.size == 0)
		output_text("  nothing was compared: no checksum was given%s\n",
			    result->is_size_told ? "" : ", and the server did not say how large the file is");
	else
		output_text("  its %s is the one that was given\n", result->match.algorithm);
	if (is_weak)
		output_text("  %s protects against damage, not against forgery\n", result->match.algorithm);
	if ((is_weak || result->match.size == 0) && !result->is_encrypted && !result->was_there)
		output_text("  it came without encryption: anybody on the way could have changed it\n");
}

static void print_well(const struct fetch *f, const struct fetch_result *result)
{
	char hex[CHECKSUM_HEX], size[24];

	output_text("%s: %s, %" PRIu64 " bytes (%s)\n", download_target(f->download), what_was_done(result),
		    result->size, text_size(size, sizeof(size), result->size));
	if (result->looks_like[0])
		output_text("  looks like: %s\n", result->looks_like);
	output_text("  sha256 %s\n", checksum_hex(&result->sha256, hex));
	print_trust(result);
}

static json_t *json_well(const struct fetch *f, const struct fetch_result *result, bool has_damage)
{
	char hex[CHECKSUM_HEX];

	return json_pack("{s:s, s:s, s:o, s:I, s:b, s:b, s:b, s:b, s:o, s:s, s:o, s:b, s:o}", "event", "result", "status",
			 "ok", "file", output_json_text(download_target(f->download)), "bytes",
			 (json_int_t)result->size, "size_told", result->is_size_told, "encrypted", result->is_encrypted,
			 "was_there", result->was_there, "compared", result->match.size > 0, "algorithm",
			 output_json_text(result->match.size ? result->match.algorithm : NULL), "sha256",
			 checksum_hex(&result->sha256, hex), "looks_like",
			 output_json_text(result->looks_like[0] ? result->looks_like : NULL), "damaged", has_damage, "from",
			 output_json_text(result->from[0] ? result->from : NULL));
}

static void on_done(void *user, enum status status, const struct fetch_result *result, const struct error *error)
{
	struct fetch *f = user;
	struct examination about;
	bool has_damage = status == STATUS_OK && is_damaged(f, result, &about);

	progress_clear(&f->progress);
	f->exit_code = has_damage ? EXIT_FAULT_FOUND : status == STATUS_OK ? EXIT_WELL : class_of(status);
	if (status == STATUS_OK && f->json)
		output_event(stdout, json_well(f, result, has_damage));
	else if (status == STATUS_OK)
		print_well(f, result);
	if (has_damage && !f->json)
		print_damage(&about.facts);
	if (status != STATUS_OK && f->json)
		output_event(stdout,
			     json_pack("{s:s, s:s, s:o, s:o}", "event", "result", "status", status_name(status),
				       "reason", output_json_text(error->text), "hint", output_json_text(error->hint)));
	if (status != STATUS_OK)
		output_error(error, f->exit_code);
	loop_stop(f->loop);
}

static void on_signal(void *user, int number)
{
	struct fetch *f = user;

	(void)number;
	if (f->download)
		download_cancel(f->download);
}

/* ---- the command line ---- */

static int read_line(const struct cli_line *line, struct download_options *to)
{
	bool is_given;

	if (line->word_count != 1)
		return output_usage("fetch", line->word_count ? "one URL at once" : "fetch needs a URL");
	to->url = line->word[0];
	to->target = line->value[OUTPUT];
	to->expected = (struct expected_texts){ .sha256 = line->value[SHA256],
						.sha512 = line->value[SHA512],
						.sha1 = line->value[SHA1],
						.md5 = line->value[MD5],
						.sums = line->value[SUMS] };
	to->allow_unchecked = line->value[NO_HASH] != NULL;
	to->may_replace = line->value[FORCE] != NULL;
	is_given = line->value[SHA256] || line->value[SHA512] || line->value[SHA1] || line->value[MD5] ||
		   line->value[SUMS];
	if (is_given && to->allow_unchecked)
		return output_usage("fetch", "--no-hash and a checksum do not go together");
	if (line->value[MAX_SIZE] && (!text_parse_size(line->value[MAX_SIZE], &to->size_max) || to->size_max == 0))
		return output_usage("fetch", "'%s' is no size; write it as 64MiB", line->value[MAX_SIZE]);
	if (!cli_read_count(line->value[TIMEOUT], SECONDS_MAX, &to->stall_seconds))
		return output_usage("fetch", "--timeout takes seconds, 1 to %d", SECONDS_MAX);
	if (!cli_read_count(line->value[TRIES], TRIES_MAX, &to->tries))
		return output_usage("fetch", "--tries takes a number, 1 to %d", TRIES_MAX);
	return EXIT_WELL;
}

static void watch_signals(struct fetch *f)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		loop_on_signal(f->loop, numbers[i], on_signal, f);
}

static int run(const struct cli_line *line)
{
	struct download_options what = { .url = NULL };
	AUTO(loop) loop = NULL;
	AUTO(download) download = NULL;
	struct fetch f = { .json = line->value[JSON] != NULL,
			   .progress = { .is_wanted = isatty(STDERR_FILENO) },
			   .since_ms = loop_now_ms() };
	const struct download_observer observer = { on_progress, on_again, on_done, &f };
	struct error error;
	int code = read_line(line, &what);
	enum status status;

	if (code != EXIT_WELL)
		return code;
	if (loop_new(&loop, &error) != STATUS_OK)
		return output_error(&error, EXIT_FAILED);
	f.loop = loop;
	watch_signals(&f);
	status = download_start(loop, &what, &observer, &download, &error);
	if (status != STATUS_OK)
		return output_error(&error, status == STATUS_INVALID || status == STATUS_NOT_FOUND ? EXIT_USAGE
												   : class_of(status));
	f.download = download;
	loop_run(loop);
	return output_end(f.exit_code);
}

const struct cli_verb verb_fetch = {
	.name = "fetch",
	.words = "URL",
	.summary = "fetch a firmware file, and keep it only when it is the right one",
	.options = options,
	.run = run,
};
