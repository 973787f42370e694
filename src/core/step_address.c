/* The image is fetched from the vendor's address: anew, never resumed, compared with the vendor's checksum where there is one, and kept in the
 * case's own folder only when it is right. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/core/download.h"
#include "src/core/step.h"
#include "src/media/url.h"

enum { SUM_SIZE = CHECKSUM_HEX + 16 /* "blake2b512:" */ };
enum address_state { ADDRESS_ASKING_SUM, ADDRESS_FETCHING, ADDRESS_FAILED };

struct address_work {
	struct download *download;
	enum address_state state;
	char url[URL_MAX];
	char sum[SUM_SIZE];		/* "": nothing to compare with */
	char target[1024];
	char again[160];		/* why it begins anew */
	uint64_t done, total, since_ms;
};

bool address_is_meant(const char *path)
{
	return text_starts(path, "https://") || text_starts(path, "http://") || text_starts(path, "ftp://");
}

void address_forget(struct live_case *c)
{
	if (c->address == NULL)
		return;
	download_free(c->address->download);
	free(c->address);
	c->address = NULL;
}

/* ---- while it comes ---- */

static void on_progress(void *user, uint64_t bytes, uint64_t total)
{
	struct live_case *c = user;

	c->address->done = bytes;
	c->address->total = total;
	case_progress(c, "fetch", bytes, total, c->address->since_ms);
}

static void on_again(void *user, unsigned attempt, unsigned pause_ms, const struct error *why)
{
	struct live_case *c = user;

	(void)pause_ms;
	case_log(c, JOURNAL_OBSERVED, "error", "%s", why->text);
	text_format(c->address->again, sizeof(c->address->again), "It was cut off. From the first byte again: try %u.", attempt);
	c->address->since_ms = loop_now_ms();
	image_source_show_again(c);
}

static void fail(struct live_case *c, const struct error *why)
{
	c->address->state = ADDRESS_FAILED;
	case_log(c, JOURNAL_OBSERVED, "error", "%s", why->text);
	case_problem(c, why);
	image_source_show_again(c);
}

static void on_done(void *user, enum status status, const struct fetch_result *result, const struct error *why)
{
	struct live_case *c = user;
	char path[sizeof(c->address->target)], hex[CHECKSUM_HEX];
	struct error error;

	if (status != STATUS_OK) {
		fail(c, why);
		return;
	}
	case_log(c, JOURNAL_OBSERVED, "fetch", "%.160s, whole: %llu bytes", result->from, (unsigned long long)result->size);
	case_log(c, JOURNAL_OBSERVED, "image", "SHA-256 %s", checksum_hex(&result->sha256, hex));
	case_log(c, JOURNAL_OBSERVED, "image", "%s%s", result->match.size ? "it has the vendor's checksum: " : "no checksum was given to compare it with",
		 result->match.size ? result->match.algorithm : "");
	case_problem(c, NULL);
	text_copy(path, sizeof(path), c->address->target);
	address_forget(c);
	if (case_take_image(c, path, &error) != STATUS_OK)
		case_problem(c, &error);
	image_source_show_again(c);
}

static enum status start(struct live_case *c, struct error *reterr)
{
	struct address_work *work = c->address;
	const struct download_observer observer = { .on_progress = on_progress, .on_again = on_again, .on_done = on_done, .user = c };
	struct download_options options = { .url = work->url, .target = work->target, .allow_unchecked = work->sum[0] == '\0' };
	char name[160];
	enum status status;

	status = case_make_place(c, "downloads", url_file_name(name, sizeof(name), work->url), work->target, sizeof(work->target), reterr);
	if (status != STATUS_OK)
		return status;
	options.expected.any = work->sum[0] ? work->sum : NULL;
	work->since_ms = loop_now_ms();
	status = download_start(c->app->loop, &options, &observer, &work->download, reterr);
	if (status == STATUS_OK) {
		work->state = ADDRESS_FETCHING;
		case_log(c, JOURNAL_PROGRAM, "fetch", "begins: %.200s", work->url);
	}
	return status;
}

/* ---- the page ---- */

bool address_leads(struct live_case *c)
{
	struct address_work *work = c->address;
	char shown[200];

	if (work == NULL)
		return false;
	switch (work->state) {
	case ADDRESS_ASKING_SUM:
		case_say(c, "The vendor's checksum proves that the file is whole and the right one. It stands beside the download, often as SHA256 or MD5.");
		case_ask(c, QUESTION_TEXT, "Checksum (empty: the vendor gives none)")->topic = "checksum";
		break;
	case ADDRESS_FETCHING:
		case_say(c, "Fetching %s", url_shown(shown, sizeof(shown), work->url));
		if (work->again[0])
			case_say(c, "%s", work->again);
		case_progress(c, "fetch", work->done, work->total, work->since_ms);
		case_ask(c, QUESTION_CHOOSE, "It is kept only when it is whole%s.", work->sum[0] ? " and has the checksum" : "")->topic = "fetching";
		case_choice(c, "stop", 's', "Stop fetching", "nothing of it is kept");
		break;
	case ADDRESS_FAILED:
		case_say(c, "The file was not fetched; nothing of it was kept.");
		case_ask(c, QUESTION_CHOOSE, "What now?")->topic = "fetch-failed";
		case_choice(c, "again", 'a', "Fetch it again, from the first byte", "");
		case_choice(c, "other", 'f', "Another file or address", "");
		break;
	}
	return true;
}

bool address_is_asking(const struct live_case *c)
{
	return c->address != NULL;
}

/* algorithm NULL: nothing but the length tells it. */
static void set_sum(struct address_work *work, const char *algorithm, const char *hex)
{
	text_format(work->sum, sizeof(work->sum), "%s%s%s", algorithm ? algorithm : "", algorithm ? ":" : "", hex);
}

static enum status take_sum(struct live_case *c, const char *text, struct error *reterr)
{
	struct checksum sum;
	char hex[CHECKSUM_HEX];

	c->address->sum[0] = '\0';
	if (text[0] == '\0')
		return start(c, reterr);
	if (!checksum_parse(bytes_of_text(text), NULL, &sum)) {
		error_set(reterr, STATUS_INVALID, "that is no checksum");
		return error_hint(reterr, "It has 32 (MD5), 40 (SHA-1), 64 (SHA-256) or 128 (SHA-512) digits of 0-9 and a-f");
	}
	set_sum(c->address, sum.is_by_length ? NULL : sum.algorithm, checksum_hex(&sum, hex));
	case_log(c, JOURNAL_OPERATOR, "answer", "the vendor's checksum is %s", c->address->sum);
	return start(c, reterr);
}

enum status address_answer(struct live_case *c, const char *text, struct error *reterr)
{
	struct address_work *work = c->address;
	enum status status = STATUS_OK;

	if (work->state == ADDRESS_ASKING_SUM) {
		status = take_sum(c, text, reterr);
	} else if (work->state == ADDRESS_FETCHING) {
		if (!text_equal(text, "stop"))
			return error_set(reterr, STATUS_INVALID, "the file is still being fetched");
		download_cancel(work->download);
	} else if (text_equal(text, "again")) {
		case_problem(c, NULL);
		download_free(work->download);
		work->download = NULL;
		work->again[0] = '\0';
		status = start(c, reterr);
	} else {
		case_problem(c, NULL);
		address_forget(c);
	}
	if (status == STATUS_OK)
		image_source_show_again(c);
	return status;
}

/* ---- the beginning ---- */

/* The checksum that the profile has for a file of this name or address. */
static const char *published_sum(const struct live_case *c, const char *url)
{
	char name[160];

	url_file_name(name, sizeof(name), url);
	for (unsigned i = 0; c->profile && i < c->profile->firmware_count; i++) {
		const struct profile_firmware *firmware = &c->profile->firmware[i];

		if (firmware->sha256 && (text_equal(firmware->url, url) || text_equal(firmware->file, name)))
			return firmware->sha256;
	}
	return NULL;
}

enum status address_begin(struct live_case *c, const char *url, struct error *reterr)
{
	const char *sum = published_sum(c, url);
	enum status status = url_check(url, reterr);

	if (status == STATUS_OK && strlen(url) >= URL_MAX)
		status = error_set(reterr, STATUS_INVALID, "the address is too long");
	if (status != STATUS_OK)
		return status;
	case_forget_image(c);
	c->address = calloc(1, sizeof(*c->address));
	if (c->address == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory to fetch a file");
	text_copy(c->address->url, sizeof(c->address->url), url);
	case_set(c, JOURNAL_OPERATOR, "address", url);
	if (sum == NULL)
		return STATUS_OK;	/* it is asked for */
	set_sum(c->address, "sha256", sum);
	status = start(c, reterr);
	if (status != STATUS_OK)
		address_forget(c);
	return status;
}
