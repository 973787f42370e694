#include "src/core/verification.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/store/device_library.h"

struct verification {
	struct verify_request request;
	struct verify_watch watch;
	struct device_library *library;
	void (*on_done)(void *user, enum status status, const struct verify_result *result, const struct error *error);
	void *user;
	enum status status;
	struct verify_result result;
	struct error error;
};

void verification_free(struct verification *verification)
{
	free(verification);
}

static void run(void *user)
{
	struct verification *v = user;

	v->status = verify_file(&v->request, &v->watch, &v->result, &v->error);
}

/* ---- the firmware that the library knows ---- */

static bool nothing_was_given(const struct verify_request *request)
{
	const struct expected_texts *texts = &request->expected;

	return !texts->sha256 && !texts->sha512 && !texts->sha1 && !texts->md5 && !texts->any && !texts->sums &&
	       !request->signature && !request->key && !request->ca && !request->keyring;
}

static bool is_firmware(const struct profile_firmware *firmware, const char *sha256, uint64_t size)
{
	return firmware->sha256 != NULL && text_equal(firmware->sha256, sha256) &&
	       (firmware->size == 0 || firmware->size == size);
}

static void add_firmware(struct verify_result *result, const struct profile *profile,
			 const struct profile_firmware *firmware)
{
	struct verify_finding *finding = verify_add(result);

	if (finding == NULL)
		return;
	finding->outcome = VERIFY_OK;
	text_copy(finding->means, sizeof(finding->means), "sha256");
	text_format(finding->against, sizeof(finding->against), "the catalogue: %s", profile->id);
	text_format(finding->reason, sizeof(finding->reason), "it is the vendor's %s for the %s %s",
		    firmware->version ? firmware->version : "firmware", profile->vendor, profile->model);
}

/* Another checksum under the same file name says nothing: vendors use one name for all versions. */
static void look_in_library(struct verification *v)
{
	char sha256[CHECKSUM_HEX];

	checksum_hex(&v->result.sha256, sha256);
	for (size_t i = 0; i < device_library_count(v->library); i++) {
		const struct profile *profile;

		if (device_library_profile(v->library, device_library_id(v->library, i), &profile, NULL) != STATUS_OK)
			continue;	/* `unbrick lint` says what is wrong with it */
		for (unsigned k = 0; k < profile->firmware_count; k++)
			if (is_firmware(&profile->firmware[k], sha256, v->result.size))
				add_firmware(&v->result, profile, &profile->firmware[k]);
	}
	verify_conclude(&v->result);
}

static void is_done(void *user)
{
	struct verification *v = user;

	if (v->status == STATUS_OK && v->library && v->result.sha256.size > 0 && nothing_was_given(&v->request))
		look_in_library(v);
	v->on_done(v->user, v->status, &v->result, &v->error);
}

enum status verification_start(struct loop *loop, const struct verify_request *request, struct device_library *library,
			       void (*on_done)(void *user, enum status status, const struct verify_result *result,
					       const struct error *error),
			       void *user, struct verification **ret_verification, struct error *reterr)
{
	struct verification *v = calloc(1, sizeof(*v));

	if (v == NULL)
		return error_set(reterr, STATUS_NO_MEMORY, "no memory to verify '%s'", request->path);
	v->request = *request;
	v->library = library;
	v->on_done = on_done;
	v->user = user;
	if (loop_work(loop, run, is_done, v) != STATUS_OK) {
		free(v);
		return error_set(reterr, STATUS_NO_MEMORY, "no memory to verify '%s'", request->path);
	}
	*ret_verification = v;
	return STATUS_OK;
}

void verification_cancel(struct verification *verification)
{
	atomic_store(&verification->watch.cancel, true);
}
