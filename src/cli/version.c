#include "src/cli/version.h"

#include <jansson.h>
#include <libdeflate.h>
#include <libserialport.h>
#include <openssl/crypto.h>
#include <openssl/opensslv.h>
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>
#include <vterm.h>
#include <yaml.h>
#include <zlib.h>
#include <blkid/blkid.h>

#include "src/core/download.h"
#include "src/io/bench_scan.h"
#include "src/media/archive_library.h"
#include "src/store/casebook.h"
#include "src/store/device_library.h"

/* From <curses.h>, which this folder stays clear of: its macros and its screen are the other face's. */
extern const char *curses_version(void);

/* "" where the library does not tell. */
static void print_library(const char *name, const char *built_with, const char *running)
{
	printf("  %-14s ", name);
	if (built_with[0] == '\0' && running[0] == '\0')
		printf("in this build; it does not tell its version\n");
	else
		printf("%s%s%s%s%s\n", built_with[0] ? "built with " : "", built_with,
		       built_with[0] && running[0] ? ", " : "", running[0] ? "running " : "", running);
}

static void print_missing(const char *name)
{
	printf("  %-14s is not on this machine\n", name);
}

/* One that is loaded when it is used. */
static void print_late(const char *name, const char *built_with, const char *running)
{
	if (running[0] != '\0')
		print_library(name, built_with, running);
	else
		print_missing(name);
}

static void print_required(void)
{
	char built[32], running[64];

	print_library("ncurses", "", curses_version());
	snprintf(built, sizeof(built), "%d.%d", VTERM_VERSION_MAJOR, VTERM_VERSION_MINOR);
	print_library("libvterm", built, "");
	snprintf(built, sizeof(built), "%d.%d.%d", UV_VERSION_MAJOR, UV_VERSION_MINOR, UV_VERSION_PATCH);
	print_library("libuv", built, uv_version_string());
	print_library("libserialport", SP_PACKAGE_VERSION_STRING, sp_get_package_version_string());
	print_library("OpenSSL", OPENSSL_VERSION_TEXT, OpenSSL_version(OPENSSL_VERSION));
	print_late("libarchive", ARCHIVE_VERSION_ONLY_STRING, archive_library_version(running, sizeof(running)));
	print_late("SQLite", SQLITE_VERSION, casebook_library_version(running, sizeof(running)));
	print_library("libyaml", "", yaml_get_version_string());
	print_late("libcyaml", "", device_library_yaml_version(running, sizeof(running)));
	print_library("jansson", JANSSON_VERSION, jansson_version_str());
	snprintf(built, sizeof(built), "%d.%d", PCRE2_MAJOR, PCRE2_MINOR);
	if (pcre2_config(PCRE2_CONFIG_VERSION, NULL) > (int)sizeof(running) ||
	    pcre2_config(PCRE2_CONFIG_VERSION, running) < 0)
		running[0] = '\0';
	print_library("PCRE2", built, running);
	print_library("zlib", ZLIB_VERSION, zlibVersion());
	print_library("libdeflate", LIBDEFLATE_VERSION_STRING, "");
	print_library("libfdt", "", "");
}

static void print_bench_libraries(void)
{
	char running[48];

	/* libusb's header knows an API number only, which says nothing to a reader */
	print_late("libusb", "", bench_usb_version(running, sizeof(running)));
	if (bench_has_udev())
		print_library("libudev", "", "");
	else
		print_missing("libudev");
	print_late("libblkid", BLKID_VERSION, bench_content_version(running, sizeof(running)));
}

static void print_optional(void)
{
	char running[48];

	if (download_library_version(running, sizeof(running))[0])
		print_library("libcurl", "", running);
	else
		printf("  %-14s no (unbrick fetch, fetching an image again in a case)\n", "libcurl");
}

void cli_print_version(void)
{
	printf("unbrick %s\n\n", CLI_VERSION);
	print_required();
	print_bench_libraries();
	print_optional();
}
