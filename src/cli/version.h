/* src/cli/version.h */
#ifndef UNBRICK_CLI_VERSION_H
#define UNBRICK_CLI_VERSION_H

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#ifdef PACKAGE_VERSION
#define CLI_VERSION PACKAGE_VERSION
#else
#define CLI_VERSION "unversioned"
#endif

/* The version, each library as it was built with and as it runs, and what a library that is missing would add. */
void cli_print_version(void);

#endif
