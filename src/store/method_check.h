/* src/store/method_check.h
 *
 * What a method of a profile says, against what its procedure asks for. */
#ifndef UNBRICK_STORE_METHOD_CHECK_H
#define UNBRICK_STORE_METHOD_CHECK_H

#include "recovery/procedure/procedure.h"
#include "recovery/procedure/profile.h"
#include "src/store/yaml_file.h"

/* Every ${name} of the procedure has a value, and every value of the profile's method of that number has a use; the error names the
 * line in the profile's file. */
enum status method_check_values(const struct yaml_file *file, const struct profile *profile, unsigned number,
				const struct procedure *procedure, struct error *reterr);

#endif
