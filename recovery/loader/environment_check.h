/* recovery/loader/environment_check.h
 *
 * Do the variables of a U-Boot start anything? From what printenv prints: is bootcmd there, is all there that it runs, does anything give
 * the kernel its arguments. Sources: U-Boot doc/usage/environment.rst, cmd/nvedit.c (printenv and its last line, "Environment size:"),
 * common/autoboot.c. */
#ifndef UNBRICK_RECOVERY_ENVIRONMENT_CHECK_H
#define UNBRICK_RECOVERY_ENVIRONMENT_CHECK_H

#include "src/base/status.h"

struct environment_finding {
	int weight;		/* for BAD-ENV, 0..100. Never against it: a right-looking command may still name a wrong address */
	char text[160];		/* one sentence */
};

void environment_check(const char *printenv, struct environment_finding *ret_finding);

#endif
