/* src/core/verification.h
 *
 * Who made a file, asked beside the loop, for `unbrick verify` and for the way through a case: src/media/verify.h in
 * a worker thread. Where nothing is given to compare with, the firmware that the device library knows is looked
 * through as well. */
#ifndef UNBRICK_CORE_VERIFICATION_H
#define UNBRICK_CORE_VERIFICATION_H

#include "src/io/loop.h"
#include "src/media/verify.h"

struct device_library;
struct verification;

/* library may be NULL, and outlives the verification. The texts of request are borrowed until on_done. on_done comes
 * once, on the loop, and may free the verification; OK: result is set, else error (CANCELLED, or something that was
 * given is unusable). */
enum status verification_start(struct loop *loop, const struct verify_request *request, struct device_library *library,
			       void (*on_done)(void *user, enum status status, const struct verify_result *result,
					       const struct error *error),
			       void *user, struct verification **ret_verification, struct error *reterr);
void verification_cancel(struct verification *verification);
/* Not before on_done; cancel and wait for it first. */
void verification_free(struct verification *verification);

#endif
