/* src/store/profile_check.h
 *
 * The checks of a loaded profile that its file allows by itself. */
#ifndef UNBRICK_STORE_PROFILE_CHECK_H
#define UNBRICK_STORE_PROFILE_CHECK_H

#include "recovery/procedure/profile.h"
#include "src/store/yaml_file.h"

enum status profile_check(const struct yaml_file *file, const struct profile *profile, struct error *reterr);

#endif
