/* unbrick verify: is a file whole, and who made it? */
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/cli/output.h"
#include "src/core/verification.h"
#include "src/io/loop.h"
#include "src/store/device_library.h"

enum { SHA256, SHA512, SHA1, MD5, SUMS, SIGNATURE, KEY, CA, KEYRING, JSON };

static const struct cli_option options[] = {
	[SHA256] = { "sha256", "HASH", "what the file must have, as the vendor says it" },
	[SHA512] = { "sha512", "HASH", "the same" },
	[SHA1] = { "sha1", "HASH", "the same; protects against damage, not against forgery" },
	[MD5] = { "md5", "HASH", "the same; protects against damage, not against forgery" },
	[SUMS] = { "sums", "LIST", "the vendor's list of checksums (SHA256SUMS), which names the files (without FILE: all of them that lie beside it); a value without a word of its algorithm may be of any of its length" },
	[SIGNATURE] = { "signature", "FILE",
			"detached: minisign, signify, CMS (PKCS#7), OpenPGP, plain RSA, ECDSA or Ed25519" },
	[KEY] = { "key", "FILE", "the vendor's public key or certificate; of minisign and signify also the key itself (RW...)" },
	[CA] = { "ca", "FILE", "certificates to trust for CMS, in PEM" },
	[KEYRING] = { "keyring", "FILE", "the vendor's OpenPGP keys, binary; needs gpgv" },
	[JSON] = { "json", NULL, "one JSON document" },
	{ NULL, NULL, NULL },
};

struct verify {
	const struct cli_line *line;
	struct loop *loop;
	struct device_library *library;
	struct verification *now;	/* NULL: between two files */
	json_t *list;			/* NULL: text */
	const char *path;
	bool was_stopped, any_wrong, any_unusable, any_open;
};

DEFINE_AUTO(loop);
DEFINE_AUTO(device_library);

static void print_finding(const struct verify_finding *finding)
{
	output_text("  %-12s %s%s%s: %s\n", verify_outcome_name(finding->outcome), finding->means,
		    finding->against[0] ? ", " : "", finding->against, finding->reason);
	if (finding->who[0])
		output_text("  %-12s %s\n", finding->outcome == VERIFY_OK ? "  signed by" : "  it names", finding->who);
	if (finding->warning[0])
		output_text("  %-12s %s\n", "  note", finding->warning);
}

/* What to do about it, where the findings do not say it. */
static void print_next(const struct verify_result *result)
{
	if (result->outcome == VERIFY_WRONG)
		output_text("  next: do not flash it; see that checksum or signature is of this version of the file, and fetch it again\n");
	else if (result->count == 0)
		output_text("  next: give what the vendor says of it: --sha256 HASH, --sums LIST, or --signature FILE with --key FILE;\n"
			    "        'unbrick inspect' says whether the file itself looks damaged\n");
}

static void print_result(const struct verify *v, const struct verify_result *result)
{
	char hex[CHECKSUM_HEX];
	char outcome[64];

	output_name(v->path, text_format(outcome, sizeof(outcome), ": %s", verify_outcome_name(result->outcome)));
	for (unsigned i = 0; i < result->count; i++)
		print_finding(&result->finding[i]);
	if (result->count == 0)
		output_text("  nothing to compare with: no checksum or signature was given or lies beside it, and the "
			    "catalogue does not know it\n");
	if (result->sha256.size > 0)
		output_text("  sha256 %s, %" PRIu64 " bytes\n", checksum_hex(&result->sha256, hex), result->size);
	print_next(result);
}

static json_t *text_or_null(const char *text)
{
	return output_json_text(text[0] ? text : NULL);
}

static json_t *json_result(const struct verify *v, const struct verify_result *result)
{
	json_t *findings = json_array();
	char hex[CHECKSUM_HEX];

	for (unsigned i = 0; i < result->count; i++) {
		const struct verify_finding *finding = &result->finding[i];

		json_array_append_new(
			findings, json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:b}", "outcome",
					    verify_outcome_name(finding->outcome), "algorithm",
					    text_or_null(finding->means), "against", text_or_null(finding->against),
					    "who", text_or_null(finding->who), "reason", text_or_null(finding->reason),
					    "warning", text_or_null(finding->warning), "asked", finding->was_asked));
	}
	return json_pack("{s:o, s:s, s:I, s:o, s:o}", "file", output_json_text(v->path), "outcome",
			 verify_outcome_name(result->outcome), "bytes", (json_int_t)result->size, "sha256",
			 result->sha256.size ? json_string(checksum_hex(&result->sha256, hex)) : json_null(),
			 "findings", findings);
}

static void on_unusable(struct verify *v, const struct error *error)
{
	v->any_unusable = true;
	if (v->list)
		json_array_append_new(v->list, json_pack("{s:o, s:s, s:o, s:o}", "file", output_json_text(v->path),
							 "outcome", "unusable", "reason", output_json_text(error->text),
							 "hint", text_or_null(error->hint)));
	output_error(error, EXIT_USAGE);
}

static void on_done(void *user, enum status status, const struct verify_result *result, const struct error *error)
{
	struct verify *v = user;

	if (status == STATUS_CANCELLED) {
		v->was_stopped = true;
	} else if (status != STATUS_OK) {
		on_unusable(v, error);
	} else {
		v->any_wrong = v->any_wrong || result->outcome == VERIFY_WRONG;
		v->any_open = v->any_open || result->outcome == VERIFY_CANNOT_TELL;
		if (v->list)
			json_array_append_new(v->list, json_result(v, result));
		else
			print_result(v, result);
	}
	loop_stop(v->loop);
}

static void on_signal(void *user, int number)
{
	struct verify *v = user;

	(void)number;
	v->was_stopped = true;
	if (v->now)
		verification_cancel(v->now);
}

static void verify_one(struct verify *v, const char *path)
{
	const struct cli_line *line = v->line;
	const struct verify_request request = {
		.path = path,
		.expected = { .sha256 = line->value[SHA256],
			      .sha512 = line->value[SHA512],
			      .sha1 = line->value[SHA1],
			      .md5 = line->value[MD5],
			      .sums = line->value[SUMS] },
		.signature = line->value[SIGNATURE],
		.key = line->value[KEY],
		.ca = line->value[CA],
		.keyring = line->value[KEYRING],
	};
	struct error error;

	v->path = path;
	if (verification_start(v->loop, &request, v->library, on_done, v, &v->now, &error) != STATUS_OK) {
		on_unusable(v, &error);
		return;
	}
	loop_run(v->loop);
	verification_free(TAKE(v->now));
}

static int conclude(const struct verify *v)
{
	if (v->was_stopped) {
		fprintf(stderr, "unbrick: stopped; not every file was verified\n");
		return EXIT_INTERRUPTED;
	}
	return v->any_wrong      ? EXIT_FAULT_FOUND
	       : v->any_unusable ? EXIT_USAGE
	       : v->any_open     ? EXIT_UNKNOWN
				 : EXIT_WELL;
}

struct listed {
	struct verify *verify;
	size_t here, missing;
};

/* They lie where the list does. What is not there is no fault: of a vendor's many files few are fetched. */
static bool verify_listed(void *user, const char *name)
{
	struct listed *listed = user;
	const char *list = listed->verify->line->value[SUMS];
	char path[PATH_MAX];

	text_format(path, sizeof(path), "%.*s%s", name[0] == '/' ? 0 : (int)(text_file_name(list) - list), list, name);
	if (strlen(path) + 1 < sizeof(path) && access(path, F_OK) == 0) {
		listed->here++;
		verify_one(listed->verify, path);
	} else {
		listed->missing++;
	}
	return !listed->verify->was_stopped;
}

/* As `sha256sum -c --ignore-missing LIST` does. */
static void verify_list(struct verify *v)
{
	struct listed listed = { .verify = v };
	const char *list = v->line->value[SUMS];
	struct error error;

	v->path = list;
	if (expected_list_names(list, verify_listed, &listed, &error) != STATUS_OK) {
		on_unusable(v, &error);
	} else if (listed.here == 0 && !v->was_stopped) {
		error_set(&error, STATUS_NOT_FOUND, "none of the files that '%s' names is beside it", list);
		error_hint(&error, "Say which file to compare: unbrick verify --sums LIST FILE");
		on_unusable(v, &error);
	} else if (listed.missing > 0 && v->list == NULL) {
		output_text("%zu %s the list names beside these %s not here\n", listed.missing, listed.missing == 1 ? "file that" : "files that",
			    listed.missing == 1 ? "is" : "are");
	}
}

static int check_line(const struct cli_line *line)
{
	const char *const *value = line->value;

	if (line->word_count == 0 && value[SUMS] == NULL)
		return output_usage("verify", "verify needs a file, or --sums LIST for all that the list names");
	if (line->word_count != 1 && (value[SHA256] || value[SHA512] || value[SHA1] || value[MD5] || value[SIGNATURE]))
		return output_usage("verify",
				    "a checksum or a signature is of one file; for several there is --sums LIST");
	return EXIT_WELL;
}

static int run(const struct cli_line *line)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	AUTO(loop) loop = NULL;
	AUTO(device_library) library = NULL;
	struct verify v = { .line = line };
	struct error error;
	int code = check_line(line);

	if (code != EXIT_WELL)
		return code;
	if (loop_new(&loop, &error) != STATUS_OK)
		return output_error(&error, EXIT_FAILED);
	/* without the library a file can be compared all the same */
	if (device_library_open(line->library_folders, &library, &error) != STATUS_OK)
		library = NULL;
	v.loop = loop;
	v.library = library;
	v.list = line->value[JSON] ? json_array() : NULL;
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		loop_on_signal(loop, signals[i], on_signal, &v);
	for (size_t i = 0; i < line->word_count && !v.was_stopped; i++)
		verify_one(&v, line->word[i]);
	if (line->word_count == 0)
		verify_list(&v);
	if (v.list)
		output_json(v.list);
	return output_end(conclude(&v));
}

const struct cli_verb verb_verify = {
	.name = "verify",
	.words = "[FILE...]",
	.summary = "is a firmware file whole, and who made it",
	.options = options,
	.run = run,
};
