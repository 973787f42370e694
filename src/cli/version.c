#include "src/cli/version.h"

#include <jansson.h>
#include <libserialport.h>
#include <openssl/crypto.h>
#include <openssl/opensslv.h>
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <sqlite3.h>
#include <stdio.h>
#include <uv.h>
#include <vterm.h>
#include <yaml.h>
#ifdef HAVE_LIBUSB
#include <libusb-1.0/libusb.h>
#endif
#ifdef HAVE_LIBBLKID
#include <blkid/blkid.h>
#endif
#ifdef HAVE_LIBARCHIVE
#include <archive.h>
#endif
#ifdef HAVE_LIBCURL
#include <curl/curl.h>
#endif

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
	print_library("SQLite", SQLITE_VERSION, sqlite3_libversion());
	print_library("libyaml", "", yaml_get_version_string());
	print_library("jansson", JANSSON_VERSION, jansson_version_str());
	snprintf(built, sizeof(built), "%d.%d", PCRE2_MAJOR, PCRE2_MINOR);
	if (pcre2_config(PCRE2_CONFIG_VERSION, NULL) > (int)sizeof(running) ||
	    pcre2_config(PCRE2_CONFIG_VERSION, running) < 0)
		running[0] = '\0';
	print_library("PCRE2", built, running);
}

/* built_with NULL: not in this build. What it adds is what configure says of it. */
static void print_optional(const char *name, const char *built_with, const char *running, const char *adds)
{
	if (built_with)
		print_library(name, built_with, running);
	else
		printf("  %-14s not in this build; it would add: %s\n", name, adds);
}

static void print_usb(void)
{
	const char *built_with = NULL;
	char running[48] = "";

#ifdef HAVE_LIBUSB
	const struct libusb_version *version = libusb_get_version();

	built_with = ""; /* its header knows an API number only, which says nothing to a reader */
	snprintf(running, sizeof(running), "%u.%u.%u", version->major, version->minor, version->micro);
#endif
	print_optional("libusb", built_with, running, "USB devices in a recovery mode are seen");
}

static void print_udev(void)
{
	const char *built_with = NULL;

#ifdef HAVE_LIBUDEV
	built_with = "";
#endif
	print_optional("libudev", built_with, "", "what is plugged in is seen at once, not with the next scan");
}

static void print_blkid(void)
{
	const char *built_with = NULL, *running = "";

#ifdef HAVE_LIBBLKID
	built_with = BLKID_VERSION;
	blkid_get_library_version(&running, NULL);
#endif
	print_optional("libblkid", built_with, running, "what is on a card is told before it is overwritten");
}

static void print_archive(void)
{
	const char *built_with = NULL, *running = "";

#ifdef HAVE_LIBARCHIVE
	built_with = ARCHIVE_VERSION_ONLY_STRING;
	running = archive_version_details();
#endif
	print_optional("libarchive", built_with, running, "firmware images inside archives");
}

void cli_print_version(void)
{
	printf("unbrick %s\n\n", CLI_VERSION);
	print_required();
	print_usb();
	print_udev();
	print_blkid();
	print_archive();
#ifdef HAVE_LIBCURL
	print_library("libcurl", LIBCURL_VERSION, curl_version());
#endif
}
