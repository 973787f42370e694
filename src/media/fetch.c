#include "src/media/fetch.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "recovery/image/image.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/media/curl_library.h"
#include "src/media/new_file.h"
#include "src/media/url.h"

enum {
	REDIRECTS_MAX = 8,
	DISCARD_MAX = 64 * 1024,	/* of an error's page; nobody reads more of it */
	HEAD_SIZE = 64 * 1024,		/* tells a web page from firmware */
	HTTP_OK = 200,
};

struct transfer {
	const struct fetch_request *request;
	struct fetch_watch *watch;
	struct curl_library library;
	CURL *curl;
	struct new_file *file;
	struct expected_hash hash;
	struct digest_stream *sha256;
	char url[URL_MAX];
	char detail[CURL_ERROR_SIZE];
	bool is_http, is_secure;	/* secure once is secure always */
	bool has_begun, has_stalled;
	int64_t told;			/* the body's size; -1: not told */
	uint64_t discarded;
	uint64_t came, last_came_ms;	/* for seeing that nothing comes */
	enum status status;		/* of a callback; OK: none failed */
	struct error error;
};

static void transfer_free(struct transfer *t)
{
	if (t == NULL)
		return;
	if (t->curl != NULL)
		t->library.easy_cleanup(t->curl);
	new_file_free(t->file);
	expected_hash_done(&t->hash);
	digest_stream_free(t->sha256);
	free(t);
}

DEFINE_AUTO(transfer);

enum status fetch_prepare(struct error *reterr)
{
	struct curl_library library;
	enum status status = curl_library_load(&library, reterr);

	/* counts its calls; never undone, for a thread of it may still run */
	if (status == STATUS_OK && library.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return error_set(reterr, STATUS_NO_MEMORY, "libcurl does not start");
	return status;
}

char *fetch_library_version(char *to, size_t size)
{
	struct curl_library library;
	struct error ignored;

	return text_copy(to, size, curl_library_load(&library, &ignored) == STATUS_OK ? library.version_info(CURLVERSION_NOW)->version : "");
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static const char *shown_url(const struct transfer *t, char *to, size_t size)
{
	return url_shown(to, size, t->url);
}

/* ---- what comes ---- */

static enum status too_large(struct transfer *t)
{
	char size[24];

	error_set(&t->error, STATUS_NO_SPACE, "the file is larger than %s, the limit for a download",
		  text_size(size, sizeof(size), t->request->size_max));
	return error_hint(&t->error, "Check the URL; --max-size SIZE sets another limit");
}

/* The headers have come: is what they announce acceptable? */
static enum status begin(struct transfer *t)
{
	curl_off_t told = -1;

	t->has_begun = true;
	t->library.easy_getinfo(t->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &told);
	t->told = told;
	if (told < 0)
		return STATUS_OK;
	atomic_store(&t->watch->total, (uint64_t)told);
	if ((uint64_t)told > t->request->size_max)
		return too_large(t);
	return new_file_ask_room(t->file, (uint64_t)told, &t->error);
}

static long response_code(const struct transfer *t)
{
	long code = 0;

	t->library.easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &code);
	return code;
}

static size_t on_bytes(char *data, size_t item, size_t count, void *user)
{
	struct transfer *t = user;
	struct bytes more = bytes_of(data, item * count);

	if (t->is_http && response_code(t) != HTTP_OK) {
		t->discarded += more.size;
		return t->discarded <= DISCARD_MAX ? more.size : 0;
	}
	if (!t->has_begun)
		t->status = begin(t);
	if (t->status == STATUS_OK && new_file_size(t->file) + more.size > t->request->size_max)
		t->status = too_large(t);
	if (t->status == STATUS_OK)
		t->status = new_file_append(t->file, more, &t->error);
	if (t->status != STATUS_OK)
		return 0;
	expected_hash_add(&t->hash, more);
	digest_stream_add(t->sha256, more);
	atomic_store(&t->watch->bytes, new_file_size(t->file));
	return more.size;
}

/* Called about once a second also when nothing comes. libcurl's own limit of speed is an average, which ends slow
 * transfers, too. */
static int on_turn(void *user, curl_off_t total, curl_off_t came, curl_off_t upload_total, curl_off_t uploaded)
{
	struct transfer *t = user;

	(void)total, (void)upload_total, (void)uploaded;
	if (atomic_load(&t->watch->cancel))
		return 1;
	if ((uint64_t)came != t->came) {
		t->came = (uint64_t)came;
		t->last_came_ms = now_ms();
	}
	t->has_stalled = now_ms() - t->last_came_ms >= t->request->stall_ms;
	return t->has_stalled;
}

/* ---- what went wrong ---- */

static enum status was_cut(struct transfer *t, const char *why, struct error *reterr)
{
	uint64_t size = new_file_size(t->file);

	if (t->told > 0 && size < (uint64_t)t->told)
		error_set(reterr, STATUS_GONE,
			  "the download was cut: %" PRIu64 " of %" PRId64 " bytes came, %" PRIu64 " are missing (%s)",
			  size, t->told, (uint64_t)t->told - size, why);
	else
		error_set(reterr, STATUS_GONE, "the download was cut after %" PRIu64 " bytes (%s)", size, why);
	return error_hint(reterr, "Check the network, then fetch it again; a piece of it is of no use and was deleted");
}

static enum status http_error(const struct transfer *t, long code, struct error *reterr)
{
	char url[300];

	shown_url(t, url, sizeof(url));
	if (code == 404 || code == 410) {
		error_set(reterr, STATUS_NOT_FOUND, "the server has no such file (%ld): %s", code, url);
		return error_hint(reterr,
				  "Check the URL; vendors move files: look for it on the vendor's download page");
	}
	if (code == 401 || code == 403) {
		error_set(reterr, STATUS_PROTOCOL, "the server does not give this file to everybody (%ld): %s", code,
			  url);
		return error_hint(reterr, "Fetch it by a browser, signed in; then: unbrick verify FILE");
	}
	error_set(reterr, STATUS_PROTOCOL, "the server answers %ld: %s", code, url);
	return error_hint(reterr, code >= 500 || code == 429 ? "It has trouble of its own: try again later"
							     : "Fetch it by a browser; then: unbrick verify FILE");
}

/* Where in libcurl's list a row is missing, its own words say it. */
static enum status curl_error(struct transfer *t, CURLcode code, struct error *reterr)
{
	const char *why = t->detail[0] ? t->detail : t->library.easy_strerror(code);
	char url[300];

	shown_url(t, url, sizeof(url));
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST: case CURLE_COULDNT_RESOLVE_PROXY:
		error_set(reterr, STATUS_PROTOCOL, "the name of the server is not known: %s", url);
		return error_hint(reterr, "Check the URL, and that this computer reaches the Internet: a bench network "
					  "often has no way out");
	case CURLE_COULDNT_CONNECT:
		error_set(reterr, STATUS_PROTOCOL, "cannot connect: %.150s: %s", why, url);
		return error_hint(reterr, "Check the URL, and that this computer reaches the Internet: a bench network "
					  "often has no way out");
	case CURLE_OPERATION_TIMEDOUT:
		error_set(reterr, STATUS_TIMEOUT, "the server does not answer: %s", url);
		return error_hint(reterr, "Check that this computer reaches the Internet, or try again later");
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_INVALIDCERTSTATUS:
		error_set(reterr, STATUS_REFUSED, "it is not certain who this server is: %.200s: %s", why, url);
		if (text_contains(why, "host name"))
			return error_hint(reterr, "Check the name in the URL: the certificate is of another server. This is never overlooked");
		return error_hint(reterr, "Check this computer's clock (date); an authority of your own is named by "
					  "the variable SSL_CERT_FILE. This is never overlooked");
	case CURLE_SSL_CONNECT_ERROR:
		error_set(reterr, STATUS_PROTOCOL, "cannot begin an encrypted connection: %.150s: %s", why, url);
		return error_hint(reterr, "The server, or what stands between, may only speak http there; a checksum makes that safe, too");
	case CURLE_REMOTE_FILE_NOT_FOUND:
	case CURLE_FTP_COULDNT_RETR_FILE:
		error_set(reterr, STATUS_NOT_FOUND, "the server has no such file: %s", url);
		return error_hint(reterr,
				  "Check the URL; vendors move files: look for it on the vendor's download page");
	case CURLE_PARTIAL_FILE:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_GOT_NOTHING:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
	case CURLE_HTTP3: return was_cut(t, why, reterr);
	case CURLE_OUT_OF_MEMORY: return error_set(reterr, STATUS_NO_MEMORY, "no memory to fetch %s", url);
	default:
		error_set(reterr, STATUS_PROTOCOL, "cannot fetch: %.200s: %s", why, url);
		return error_hint(reterr, "Try again later, or fetch it by a browser; then: unbrick verify FILE");
	}
}

static enum status stopped(struct transfer *t, struct error *reterr)
{
	char why[64];

	if (atomic_load(&t->watch->cancel) || !t->has_stalled)
		return error_set(reterr, STATUS_CANCELLED, "the download was stopped");
	text_format(why, sizeof(why), "no byte came for %u s", t->request->stall_ms / 1000);
	return was_cut(t, why, reterr);
}

/* ---- the way to the file ---- */

static void set_protocols(struct transfer *t)
{
#if LIBCURL_VERSION_NUM >= 0x075500
	t->library.easy_setopt(t->curl, CURLOPT_PROTOCOLS_STR, "https,http,ftp");
#else
	t->library.easy_setopt(t->curl, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTPS | CURLPROTO_HTTP | CURLPROTO_FTP));
#endif
}

static void set_options(struct transfer *t)
{
	const char *authorities = getenv("SSL_CERT_FILE");	/* as OpenSSL's own programs have it */
	CURL *curl = t->curl;

	set_protocols(t);
	t->library.easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);	/* not the main thread */
	t->library.easy_setopt(curl, CURLOPT_USERAGENT, "unbrick");
	t->library.easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
	t->library.easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
	t->library.easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (authorities != NULL && authorities[0])
		t->library.easy_setopt(curl, CURLOPT_CAINFO, authorities);
	t->library.easy_setopt(curl, CURLOPT_COOKIEFILE, "");	/* kept from one redirect to the next, and on no disk */
	t->library.easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);	/* redirects are looked at here, one by one */
	t->library.easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)t->request->connect_ms);
	t->library.easy_setopt(curl, CURLOPT_ERRORBUFFER, t->detail);
	t->library.easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_bytes);
	t->library.easy_setopt(curl, CURLOPT_WRITEDATA, t);
	t->library.easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	t->library.easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_turn);
	t->library.easy_setopt(curl, CURLOPT_XFERINFODATA, t);
}

static CURLcode perform(struct transfer *t)
{
	CURLcode code;

	t->is_http = !url_has_scheme(t->url, "ftp");
	t->is_secure = t->is_secure || url_has_scheme(t->url, "https");
	t->discarded = 0;
	t->came = 0;
	t->last_came_ms = now_ms();
	t->detail[0] = '\0';
	t->library.easy_setopt(t->curl, CURLOPT_URL, t->url);
	code = t->library.easy_perform(t->curl);
#if LIBCURL_VERSION_NUM >= 0x075700
	/* the system's resolver may take a minute to give up; nobody waits for it */
	if (atomic_load(&t->watch->cancel))
		t->library.easy_setopt(t->curl, CURLOPT_QUICK_EXIT, 1L);
#endif
	return code;
}

static enum status follow(struct transfer *t, const char *to, struct error *reterr)
{
	char from[200];

	shown_url(t, from, sizeof(from));
	if (url_check(to, reterr) != STATUS_OK || url_has_scheme(to, "ftp")) {
		error_set(reterr, STATUS_PROTOCOL, "the server sends elsewhere, to what is no URL of the web: %s",
			  from);
		return error_hint(reterr, "Fetch it by a browser; then: unbrick verify FILE");
	}
	if (t->is_secure && !url_has_scheme(to, "https")) {
		error_set(reterr, STATUS_REFUSED,
			  "the server sends from https to http, where anybody on the way can change the file: %s",
			  from);
		return error_hint(reterr, "Look for another address of the file on the vendor's page");
	}
	text_copy(t->url, sizeof(t->url), to);
	return STATUS_OK;
}

/* Until the answer is the file itself. */
static enum status transfer_run(struct transfer *t, struct error *reterr)
{
	for (unsigned i = 0; i <= REDIRECTS_MAX; i++) {
		CURLcode code = perform(t);
		long answer = t->is_http ? response_code(t) : HTTP_OK;
		const char *to = NULL;

		if (code == CURLE_ABORTED_BY_CALLBACK)
			return stopped(t, reterr);
		if (t->status != STATUS_OK) {
			*reterr = t->error;
			return t->status;
		}
		if (answer / 100 == 3 && t->library.easy_getinfo(t->curl, CURLINFO_REDIRECT_URL, &to) == CURLE_OK &&
		    to != NULL) {
			enum status status = follow(t, to, reterr);

			if (status != STATUS_OK)
				return status;
			continue;
		}
		if (answer != 0 && answer != HTTP_OK)
			return http_error(t, answer, reterr);
		return code == CURLE_OK ? STATUS_OK : curl_error(t, code, reterr);
	}
	error_set(reterr, STATUS_PROTOCOL, "the server sends elsewhere more than %d times: %s", REDIRECTS_MAX,
		  shown_url(t, (char[300]){ 0 }, 300));
	return error_hint(reterr, "Fetch it by a browser; then: unbrick verify FILE");
}

/* ---- is it right? ---- */

/* What was sent instead of firmware, named; ret_title: what it looks like. */
static enum status look_at_head(struct transfer *t, char *ret_title, size_t size, struct error *reterr)
{
	AUTO_FREE uint8_t *head = malloc(HEAD_SIZE);
	struct image_facts facts;

	if (head == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory to look at the file");
	image_inspect(bytes_of(head, new_file_head(t->file, head, HEAD_SIZE)), new_file_size(t->file), NULL, &facts);
	text_copy(ret_title, size, text_equal(facts.format, "unknown") ? "" : facts.title);
	if (!text_equal(facts.format, "html") && !text_equal(facts.format, "text-error") &&
	    !text_equal(facts.format, "empty"))
		return STATUS_OK;
	error_set(reterr, STATUS_INVALID, "what the server sent is no firmware: %s",
		  facts.problem_count > 0 ? image_problem_text(&facts) : "it is empty");
	return error_hint(reterr, "It was deleted. Open the address in a browser: many vendors want a licence accepted or "
				  "a sign-in first");
}

static enum status compare(struct transfer *t, struct fetch_result *result, struct error *reterr)
{
	const struct expected *expected = t->request->expected;
	struct checksum got[EXPECTED_MAX];
	char wanted_hex[CHECKSUM_HEX], got_hex[CHECKSUM_HEX], tried[96], place[PATH_MAX + NAME_MAX + 2];
	enum status looks, status;
	unsigned at = 0;

	expected_hash_end(&t->hash, expected, got);
	result->sha256 = (struct checksum){ .algorithm = "sha256" };
	result->sha256.size = digest_stream_end(t->sha256, result->sha256.value, CHECKSUM_SIZE);
	looks = look_at_head(t, result->looks_like, sizeof(result->looks_like), reterr);
	if (expected->count == 0)
		return looks;
	status = expected_try_others(new_file_place(t->file, place, sizeof(place)), expected, got, NULL, &t->watch->cancel, reterr);
	if (status != STATUS_OK)
		return status;
	switch (expected_compare(expected, got, &at)) {
	case EXPECTED_RIGHT:
		result->match = got[at];
		return STATUS_OK;
	case EXPECTED_NOTHING:
		error_set(reterr, STATUS_UNSUPPORTED, "this system's OpenSSL does not compute %s",
			  expected->checksum[0].algorithm);
		return error_hint(reterr, "Give the vendor's SHA-256 instead");
	case EXPECTED_WRONG:
		break;
	}
	if (looks != STATUS_OK)
		return looks;
	error_set(reterr, STATUS_INVALID,
		  "the file that came is not the one that was expected: %s expected %s, got %s (%" PRIu64 " bytes)%s",
		  expected->checksum[at].algorithm, checksum_hex(&expected->checksum[at], wanted_hex),
		  checksum_hex(&got[at], got_hex), new_file_size(t->file),
		  expected_tried(&expected->checksum[at], tried, sizeof(tried)));
	return error_hint(
		reterr,
		"It was deleted. Compare the checksum with the vendor's page, and check that it is of this version");
}

static enum status in_the_way(const char *target, struct error *reterr)
{
	error_set(reterr, STATUS_REFUSED, "'%s' is there already, and is another file", target);
	return error_hint(reterr,
			  "It was left as it is; choose another name with --output FILE, or replace it with --force");
}

static enum status keep(struct transfer *t, struct fetch_result *result, struct error *reterr)
{
	const char *target = t->request->target;
	enum status status;

	if (atomic_load(&t->watch->cancel))
		return error_set(reterr, STATUS_CANCELLED, "the download was stopped");
	status = new_file_keep(t->file, t->request->may_replace, reterr);
	if (status != STATUS_BUSY)
		return status;
	if (!new_file_is_same_as(t->file, target))
		return in_the_way(target, reterr);
	result->was_there = true;
	return STATUS_OK;
}

/* Is the file there already? Nothing is fetched then. */
static enum status look_there(const struct fetch_request *request, struct fetch_watch *watch,
			      struct fetch_result *result, struct error *reterr)
{
	struct expected both = *request->expected;
	struct checksum got[EXPECTED_MAX];
	struct stat about;
	enum status status;
	unsigned at = 0;

	if (request->expected->count == 0 || stat(request->target, &about) != 0 || !S_ISREG(about.st_mode))
		return STATUS_OK;
	/* one more stream, so that the result names the SHA-256 also when another was given */
	both.checksum[both.count++] = (struct checksum){ .algorithm = "sha256" };
	status = expected_hash_file(request->target, &both, got, NULL, &watch->cancel, reterr);
	if (status != STATUS_OK)
		return status;
	if (expected_compare(request->expected, got, &at) == EXPECTED_RIGHT) {
		result->was_there = true;
		result->size = (uint64_t)about.st_size;
		result->match = got[at];
		result->sha256 = got[request->expected->count];
		return STATUS_OK;
	}
	return request->may_replace ? STATUS_OK : in_the_way(request->target, reterr);
}

static enum status transfer_new(const struct fetch_request *request, struct fetch_watch *watch,
				struct transfer **ret_transfer, struct error *reterr)
{
	AUTO(transfer) t = calloc(1, sizeof(*t));
	enum status status;

	if (t == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory to fetch a file");
	status = curl_library_load(&t->library, reterr);
	if (status != STATUS_OK)
		return status;
	if ((t->curl = t->library.easy_init()) == NULL || (t->sha256 = digest_stream_new("sha256")) == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory to fetch a file");
	t->request = request;
	t->watch = watch;
	t->told = -1;
	text_copy(t->url, sizeof(t->url), request->url);
	expected_hash_init(&t->hash, request->expected);
	status = new_file_begin(request->target, &t->file, reterr);
	if (status == STATUS_OK)
		*ret_transfer = TAKE(t);
	return status;
}

enum status fetch_once(const struct fetch_request *request, struct fetch_watch *watch, struct fetch_result *ret_result,
		       struct error *reterr)
{
	struct fetch_result result = { .size = 0 };
	AUTO(transfer) t = NULL;
	enum status status = url_check(request->url, reterr);

	atomic_store(&watch->bytes, 0);
	atomic_store(&watch->total, 0);
	if (status == STATUS_OK)
		status = look_there(request, watch, &result, reterr);
	if (status == STATUS_OK && !result.was_there) {
		status = transfer_new(request, watch, &t, reterr);
		if (status != STATUS_OK)
			return status;
		set_options(t);
		status = transfer_run(t, reterr);
		result.size = new_file_size(t->file);
		if (status == STATUS_OK && t->told >= 0 && result.size != (uint64_t)t->told)
			status = was_cut(t, "its end is missing", reterr);
		result.is_size_told = t->told >= 0;
		result.is_encrypted = url_has_scheme(request->url, "https"); /* and so is all that it was sent on to */
		shown_url(t, result.from, sizeof(result.from));
		if (status == STATUS_OK)
			status = compare(t, &result, reterr);
		if (status == STATUS_OK)
			status = keep(t, &result, reterr);
	}
	if (status == STATUS_OK)
		*ret_result = result;
	return status;
}
