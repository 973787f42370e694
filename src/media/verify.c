#include "src/media/verify.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/media/fit_check.h"
#include "src/media/gpgv.h"
#include "src/media/signature_check.h"
#include "src/media/small_file.h"

enum { SIGNATURE_FILE_MAX = 1024 * 1024 };	/* CMS brings its certificates along */

const char *verify_outcome_name(enum verify_outcome outcome)
{
	static const char *const names[] = {
		[VERIFY_CANNOT_TELL] = "cannot tell", [VERIFY_OK] = "ok", [VERIFY_WRONG] = "wrong"
	};

	return names[outcome];
}

void verify_finding_conclude(struct verify_finding *finding, enum verify_outcome outcome, const char *reason)
{
	finding->outcome = outcome;
	text_copy(finding->reason, sizeof(finding->reason), reason);
}

void verify_conclude(struct verify_result *result)
{
	bool any_ok = false, any_open = false;

	result->outcome = VERIFY_CANNOT_TELL;
	for (unsigned i = 0; i < result->count; i++) {
		const struct verify_finding *finding = &result->finding[i];

		if (finding->outcome == VERIFY_WRONG) {
			result->outcome = VERIFY_WRONG;
			return;
		}
		any_ok = any_ok || finding->outcome == VERIFY_OK;
		any_open = any_open || (finding->was_asked && finding->outcome == VERIFY_CANNOT_TELL);
	}
	if (any_ok && !any_open)
		result->outcome = VERIFY_OK;
}

struct verify_finding *verify_add(struct verify_result *result)
{
	struct verify_finding *finding;

	if (result->count == VERIFY_FINDINGS)
		return NULL;
	finding = &result->finding[result->count++];
	*finding = (struct verify_finding){ .reason = "it could not be checked" };
	return finding;
}

/* ---- checksums ---- */

struct source {			/* where the checksums from index first on come from */
	unsigned first, end;
	bool was_asked;
	char against[256];
};

enum { SOURCES_MAX = 8, UNNAMED_MAX = 4 };

struct unnamed {		/* a list that does not name the file: it may have it under another name */
	char list[PATH_MAX];
	bool was_asked;
	char reason[384];
};

struct job {
	const struct verify_request *request;
	struct verify_watch *watch;
	struct expected expected;
	struct source source[SOURCES_MAX];
	unsigned source_count;
	struct unnamed unnamed[UNNAMED_MAX];
	unsigned unnamed_count;
	struct verify_result *result;
};

static void end_source(struct job *job, unsigned first, bool was_asked, const char *against)
{
	struct source *source = &job->source[job->source_count];

	if (job->expected.count == first || job->source_count == SOURCES_MAX)
		return;
	job->source_count++;
	*source = (struct source){ .first = first, .end = job->expected.count, .was_asked = was_asked };
	text_copy(source->against, sizeof(source->against), against);
}

/* NULL: there are too many. */
static struct verify_finding *not_compared(struct job *job, bool was_asked, const char *against, const char *why)
{
	struct verify_finding *finding = verify_add(job->result);

	if (finding == NULL)
		return NULL;
	finding->was_asked = was_asked;
	text_copy(finding->means, sizeof(finding->means), "checksum");
	text_copy(finding->against, sizeof(finding->against), against);
	text_copy(finding->reason, sizeof(finding->reason), why);
	return finding;
}

static void is_unnamed(struct job *job, bool was_asked, const char *list, const struct error *why)
{
	struct unnamed *unnamed = &job->unnamed[job->unnamed_count];

	if (job->unnamed_count == UNNAMED_MAX)
		return;
	job->unnamed_count++;
	unnamed->was_asked = was_asked;
	text_copy(unnamed->list, sizeof(unnamed->list), list);
	text_copy(unnamed->reason, sizeof(unnamed->reason), why->text);
}

/* got: what the file has, of at least the algorithms of those lists. That a list has it under another name is a remark and no more: it is
 * right for what the list calls so, and whether that was meant is not known. */
static void look_for_other_names(struct job *job, const struct checksum *got, unsigned count)
{
	char name[CHECKSUM_NAME], shown[128];

	for (unsigned i = 0; i < job->unnamed_count; i++) {
		const struct unnamed *unnamed = &job->unnamed[i];
		bool is_there = expected_other_name(unnamed->list, got, count, name);
		struct verify_finding *finding = is_there || unnamed->was_asked ? not_compared(job, unnamed->was_asked, unnamed->list, unnamed->reason) : NULL;

		if (finding == NULL || !is_there)
			continue;
		text_printable(shown, sizeof(shown), bytes_of_text(name));
		text_format(finding->warning, sizeof(finding->warning),
			    "the list has this checksum under another name: the file is what it calls '%s'", shown);
	}
}

static enum status read_given(struct job *job, struct error *reterr)
{
	struct expected_texts texts = job->request->expected;
	const char *list = texts.sums;
	unsigned first;
	enum status status;

	texts.sums = NULL;
	status = expected_read(&texts, job->request->path, &job->expected, reterr);
	if (status != STATUS_OK)
		return status;
	end_source(job, 0, true, "given by hand");
	if (list == NULL)
		return STATUS_OK;
	first = job->expected.count;
	status = expected_add_list(&job->expected, list, job->request->path, reterr);
	if (status == STATUS_NOT_FOUND) {
		is_unnamed(job, true, list, reterr);
		return STATUS_OK;
	}
	end_source(job, first, true, list);
	return status;
}

/* Names that lists and signatures have by custom. %s: the file's path; those without it lie in the same folder. */
static const char *const list_names[] = {
	"%s.sha512",  "%s.sha256",      "%s.sha512sum",   "%s.sha256sum",  "%s.sha1",    "%s.md5",
	"%s.md5sum",  "%s.sha512.txt",  "%s.sha256.txt",  "SHA512SUMS",    "SHA256SUMS", "sha512sums",
	"sha256sums", "SHA512SUMS.txt", "SHA256SUMS.txt", "sha256sum.txt", "SHA512",     "SHA256",
	"SHA1SUMS",   "MD5SUMS",        "md5sums",        "checksums.txt",
};
static const char *const signature_names[] = {
	"%s.minisig", "%s.sig", "%s.asc", "%s.p7s", "%s.p7", "%s.cms", "%s.sign"
};

/* False: there is no such file, or the path is too long. */
static bool beside(const char *path, const char *name, char *to, size_t size)
{
	const char *slash = strrchr(path, '/');
	size_t folder = slash ? (size_t)(slash - path) + 1 : 0;

	if (strlen(path) + 32 > size)
		return false;
	if (text_starts(name, "%s"))
		text_format(to, size, "%s%s", path, name + 2);
	else
		text_format(to, size, "%.*s%s", (int)folder, path, name);
	return access(to, F_OK) == 0;
}

/* A list that lies there for other files is no news, unless it has this one under another name; one that contradicts itself, or cannot be
 * read, is. */
static void look_for_lists(struct job *job)
{
	char list[PATH_MAX];
	struct error why;

	for (size_t i = 0; i < ARRAY_SIZE(list_names) && job->source_count < SOURCES_MAX; i++) {
		unsigned first = job->expected.count;
		enum status status;

		if (!beside(job->request->path, list_names[i], list, sizeof(list)))
			continue;
		status = expected_add_list(&job->expected, list, job->request->path, &why);
		if (status == STATUS_NOT_FOUND)
			is_unnamed(job, false, list, &why);
		else if (status != STATUS_OK)
			not_compared(job, false, list, why.text);
		end_source(job, first, false, list);
	}
}

static void judge(struct job *job, const struct source *source, const struct checksum *expected,
		  const struct checksum *got)
{
	struct verify_finding *finding = verify_add(job->result);
	char wanted_hex[CHECKSUM_HEX], got_hex[CHECKSUM_HEX], tried[96];

	if (finding == NULL)
		return;
	finding->was_asked = source->was_asked;
	text_copy(finding->means, sizeof(finding->means), got->algorithm);
	text_copy(finding->against, sizeof(finding->against), source->against);
	if (got->size == 0) {
		text_copy(finding->reason, sizeof(finding->reason), "this system's OpenSSL does not compute it");
		return;
	}
	finding->outcome = checksum_fits(expected, got) ? VERIFY_OK : VERIFY_WRONG;
	if (finding->outcome == VERIFY_OK)
		text_copy(finding->reason, sizeof(finding->reason), "the checksum is the same");
	else
		text_format(finding->reason, sizeof(finding->reason), "expected %s, got %s%s",
			    checksum_hex(expected, wanted_hex), checksum_hex(got, got_hex), expected_tried(expected, tried, sizeof(tried)));
	if (checksum_is_weak(expected))
		text_format(finding->warning, sizeof(finding->warning),
			    "%s protects against damage, not against forgery",
			    text_equal(expected->algorithm, "md5") ? "MD5" : "SHA-1");
	else if (!source->was_asked)
		text_copy(finding->warning, sizeof(finding->warning),
			  "a list that came along with the file protects against damage, not against forgery");
}

static enum status compare(struct job *job, struct error *reterr)
{
	unsigned count = job->expected.count, all;
	struct checksum got[EXPECTED_MAX];
	enum status status;

	job->expected.checksum[count] = (struct checksum){
		.algorithm = "sha256"
	}; /* the result names it always; there is room for it */
	job->expected.count++;
	for (unsigned i = 0; i < job->unnamed_count; i++)
		expected_add_algorithms(&job->expected, job->unnamed[i].list);
	all = job->expected.count;
	status = expected_hash_file(job->request->path, &job->expected, got, &job->watch->bytes, &job->watch->cancel, reterr);
	job->expected.count = count;
	if (status != STATUS_OK)
		return status;
	job->result->sha256 = got[count];
	job->result->size = atomic_load(&job->watch->bytes);
	for (unsigned i = 0; i < job->source_count; i++)
		for (unsigned k = job->source[i].first; k < job->source[i].end; k++)
			judge(job, &job->source[i], &job->expected.checksum[k], &got[k]);
	look_for_other_names(job, got, all);
	return STATUS_OK;
}

/* ---- signatures ---- */

struct texts {		/* of the files that a check takes */
	char *signature, *key, *ca;
	size_t signature_size, key_size, ca_size;
};

static void texts_done(struct texts *texts)
{
	free(texts->signature);
	free(texts->key);
	free(texts->ca);
}

/* Vendors print minisign's key on their page as the one line that it is: then it is the key, not a path. */
static enum status read_key(const char *given, char **ret_text, size_t *ret_size, struct error *reterr)
{
	enum status status;

	if (!signature_is_key(bytes_of_text(given))) {
		status = small_file_read(given, "key", SIGNATURE_FILE_MAX, ret_text, ret_size, reterr);
		if (status == STATUS_INVALID && access(given, F_OK) != 0)
			error_hint(reterr, "Check the path; minisign's key itself (RW...) may stand here, too, all 56 characters of it");
		return status;
	}
	*ret_text = strdup(given);
	if (*ret_text == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory for the key");
	*ret_size = strlen(given);
	return STATUS_OK;
}

static enum status read_texts(const struct verify_request *request, const char *signature, struct texts *texts,
			      struct error *reterr)
{
	enum status status = small_file_read(signature, "signature", SIGNATURE_FILE_MAX, &texts->signature,
					     &texts->signature_size, reterr);

	if (status == STATUS_OK && request->key)
		status = read_key(request->key, &texts->key, &texts->key_size, reterr);
	if (status == STATUS_OK && request->ca)
		status = small_file_read(request->ca, "certificate", SIGNATURE_FILE_MAX, &texts->ca, &texts->ca_size,
					 reterr);
	if (status == STATUS_OK && (texts->signature_size == 0 || (request->key && texts->key_size == 0) ||
				    (request->ca && texts->ca_size == 0)))
		return error_set(reterr, STATUS_INVALID, "'%s' is empty",
				 texts->signature_size == 0             ? signature
				 : request->key && texts->key_size == 0 ? request->key
									: request->ca);
	return status;
}

static enum status check(struct job *job, const char *signature, const struct texts *texts,
			 struct verify_finding *finding, struct error *reterr)
{
	const struct verify_request *request = job->request;
	const struct signature_material material = {
		.path = request->path,
		.signature = bytes_of(texts->signature, texts->signature_size),
		.key = bytes_of(texts->key, texts->key_size),
		.ca = bytes_of(texts->ca, texts->ca_size),
	};

	switch (signature_kind_of(material.signature)) {
	case SIGNATURE_ED25519_FILE:
		return signature_check_ed25519_file(&material, job->watch, finding, reterr);
	case SIGNATURE_CMS:
		return signature_check_cms(&material, job->watch, finding, reterr);
	case SIGNATURE_OPENPGP:
		text_copy(finding->means, sizeof(finding->means), "openpgp");
		if (request->keyring)
			return gpgv_check(request->path, signature, request->keyring, job->watch, finding, reterr);
		text_copy(finding->reason, sizeof(finding->reason),
			  "whom to trust is not known: --keyring names a file with the vendor's OpenPGP key");
		return STATUS_OK;
	case SIGNATURE_RAW:
		break;
	}
	if (request->key == NULL && (request->ca || request->keyring)) {
		text_format(finding->reason, sizeof(finding->reason), "it has not the form of what %s is for: damaged, or of another kind",
			    request->ca ? "--ca" : "--keyring");
		return STATUS_OK;
	}
	return signature_check_raw(&material, job->watch, finding, reterr);
}

static enum status check_signature(struct job *job, const char *signature, bool was_asked, struct error *reterr)
{
	struct verify_finding *finding = verify_add(job->result);
	struct texts texts = { .signature = NULL };
	enum status status;

	if (finding == NULL)
		return STATUS_OK;
	finding->was_asked = was_asked;
	text_copy(finding->means, sizeof(finding->means), "signature");
	text_copy(finding->against, sizeof(finding->against), signature);
	status = read_texts(job->request, signature, &texts, reterr);
	if (status == STATUS_OK)
		status = check(job, signature, &texts, finding, reterr);
	texts_done(&texts);
	if (status == STATUS_INVALID && !was_asked) {	/* what only lies there may be anything */
		verify_finding_conclude(finding, VERIFY_CANNOT_TELL, reterr->text);
		return STATUS_OK;
	}
	if (status == STATUS_INVALID)
		error_prefix(reterr, "'%s'", signature);
	return status;
}

static enum status look_for_signatures(struct job *job, bool was_asked, bool *ret_any, struct error *reterr)
{
	char signature[PATH_MAX];
	enum status status = STATUS_OK;

	*ret_any = false;
	for (size_t i = 0; i < ARRAY_SIZE(signature_names) && status == STATUS_OK; i++)
		if (beside(job->request->path, signature_names[i], signature, sizeof(signature))) {
			*ret_any = true;
			status = check_signature(job, signature, was_asked, reterr);
		}
	return status;
}

/* In the file itself; *ret_any: there are some. */
static enum status check_inside(struct job *job, bool *ret_any, struct error *reterr)
{
	const struct verify_request *request = job->request;
	AUTO_FREE char *key = NULL;
	unsigned count = 0;
	size_t size = 0;
	enum status status = STATUS_OK;

	*ret_any = false;
	if (request->key != NULL)
		status = read_key(request->key, &key, &size, reterr);
	if (status == STATUS_OK && request->key != NULL && size == 0)
		return error_set(reterr, STATUS_INVALID, "'%s' is empty", request->key);
	if (status == STATUS_OK && !signature_is_key(bytes_of(key, size)))
		status = fit_check(request->path, bytes_of(key, size), job->result, &count, reterr);
	*ret_any = count > 0;
	return status;
}

static enum status find_signatures(struct job *job, bool has_key, struct error *reterr)
{
	struct verify_finding *finding;
	bool any;
	enum status status = look_for_signatures(job, has_key, &any, reterr);

	/* what came along with the file was made for it; a key is for that then */
	if (status == STATUS_OK && !any && (job->request->key || !has_key))
		status = check_inside(job, &any, reterr);
	if (status != STATUS_OK || any || !has_key)
		return status;
	finding = verify_add(job->result);
	if (finding) {
		finding->was_asked = true;
		text_copy(finding->means, sizeof(finding->means), "signature");
		text_copy(finding->reason, sizeof(finding->reason),
			  "there is a key, but no signature: --signature names it");
	}
	return STATUS_OK;
}

enum status verify_file(const struct verify_request *request, struct verify_watch *watch,
			struct verify_result *ret_result, struct error *reterr)
{
	const struct expected_texts *texts = &request->expected;
	bool has_hash = texts->sha256 || texts->sha512 || texts->sha1 || texts->md5 || texts->sums;
	bool has_key = request->key || request->ca || request->keyring;
	struct verify_result result = { .count = 0 };
	struct job job = { .request = request, .watch = watch, .result = &result };
	enum status status = read_given(&job, reterr);

	atomic_store(&watch->bytes, 0);
	if (status == STATUS_OK && !has_hash && !request->signature && !has_key)
		look_for_lists(&job);
	if (status == STATUS_OK)
		status = compare(&job, reterr);
	if (status == STATUS_OK && request->signature)
		status = check_signature(&job, request->signature, true, reterr);
	else if (status == STATUS_OK && (has_key || !has_hash))
		status = find_signatures(&job, has_key, reterr);
	if (status != STATUS_OK)
		return status;
	verify_conclude(&result);
	*ret_result = result;
	return STATUS_OK;
}
