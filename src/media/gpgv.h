/* src/media/gpgv.h
 *
 * OpenPGP signatures, by the system's gpgv, which is started without a shell. Blocking. */
#ifndef UNBRICK_MEDIA_GPGV_H
#define UNBRICK_MEDIA_GPGV_H

#include "src/media/verify.h"

/* keyring: binary, as `gpg --export` writes it. Fills in outcome, means, who, reason and warning; an error:
 * cancelled, or it cannot be run although it is here. */
enum status gpgv_check(const char *path, const char *signature, const char *keyring, struct verify_watch *watch,
		       struct verify_finding *finding, struct error *reterr);

#endif
