/* src/media/fit_check.h
 *
 * The signatures in a FIT, by OpenSSL (recovery/image/fit_signature.h says what they are made over). Blocking. */
#ifndef UNBRICK_MEDIA_FIT_CHECK_H
#define UNBRICK_MEDIA_FIT_CHECK_H

#include "src/media/verify.h"

/* One finding for each configuration or part that is signed; *ret_count of them: 0 where the file is no FIT, or none is signed. key: contents of
 * its file; size 0: not given, then the findings say what is needed. An error: a key that cannot be used, a file that cannot be read. */
enum status fit_check(const char *path, struct bytes key, struct verify_result *result, unsigned *ret_count, struct error *reterr);

#endif
