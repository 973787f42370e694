#include "recovery/loader/macro.h"

#include <string.h>

#include "recovery/loader/console_state.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"

enum { WORD_MAX = 64, WORDS_MAX = 3 };

/* first: the command. second: words behind it that make it write, separated by blanks; NULL: always. */
static const struct writer {
	const char *first, *second;
} writers[] = {
	/* bootloaders */
	{ "saveenv", NULL }, { "env", "save default erase import" }, { "erase", NULL }, { "protect", NULL },
	{ "flash", NULL }, { "nand", "write erase scrub markbad" }, { "onenand", "write erase" },
	{ "sf", "write erase update protect" }, { "spi", NULL },
	{ "mmc", "write erase swrite partconf bootbus bootpart hwpartition rpmb wp" },
	{ "mtd", "write erase unlock fixseama fixtrx" }, { "ubi", "write create remove part rename" },
	{ "ubifs", NULL }, { "usb", "write" }, { "sata", "write" }, { "ide", "write" }, { "scsi", "write" },
	{ "virtio", "write" }, { "nvme", "write" }, { "gpt", "write" }, { "part", "set" }, { "fatwrite", NULL },
	{ "ext4write", NULL }, { "fatrm", NULL }, { "eeprom", "write" }, { "fuse", "prog override" },
	{ "i2c", "mw" }, { "cp", NULL }, { "mw", NULL }, { "mm", NULL }, { "nm", NULL }, { "dfu", NULL },
	{ "fastboot", NULL }, { "ums", NULL }, { "update", NULL }, { "upgrade", NULL },
	{ "fis", "create delete init write erase unlock" }, { "fconfig", NULL }, { "flw", NULL },
	{ "flr", NULL }, { "atwr", NULL }, { "ater", NULL }, { "aten", NULL }, { "memcpy", NULL },
	{ "run", NULL }, { "source", NULL }, { "autoscr", NULL }, { "go", NULL },
	/* shells */
	{ "dd", NULL }, { "flashcp", NULL }, { "flash_erase", NULL }, { "flash_eraseall", NULL },
	{ "flash_unlock", NULL }, { "nandwrite", NULL }, { "mtd_write", NULL }, { "mtd_debug", "write erase" },
	{ "ubiformat", NULL }, { "ubiupdatevol", NULL }, { "ubimkvol", NULL }, { "ubirmvol", NULL },
	{ "ubiattach", NULL }, { "fw_setenv", NULL }, { "sysupgrade", NULL }, { "firstboot", NULL },
	{ "jffs2reset", NULL }, { "nvram", "set unset commit erase restore" },
	{ "uci", "set add delete commit import rename revert add_list" }, { "mkfs", NULL }, { "mke2fs", NULL },
	{ "fdisk", NULL }, { "sfdisk", NULL }, { "parted", NULL }, { "fsck", NULL }, { "rm", NULL },
	{ "mv", NULL }, { "ln", NULL }, { "tee", NULL }, { "truncate", NULL }, { "install", NULL },
	{ "tar", NULL }, { "unzip", NULL }, { "passwd", NULL }, { "chpasswd", NULL }, { "mount", "-o" },
	{ "sed", "-i" }, { "sh", NULL }, { "ash", NULL }, { "bash", NULL }, { "eval", NULL }, { "xargs", NULL },
	{ "factoryreset", NULL },
};

/* The same command, in front of which another one stands. */
static const char *const before[] = { "sudo", "busybox", "exec", "time", "nohup", "command", "then", "do", "else", "if", "while", "!" };

static bool is_among(const char *words, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = words; length > 0 && (at = strstr(at, word)) != NULL; at += length)
		if ((at == words || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
			return true;
	return false;
}

/* "cp.b" is cp with a size, "mkfs.ext4" mkfs for a kind. */
static bool is_command(const char *word, const char *command)
{
	size_t length = strlen(command);

	return strncmp(word, command, length) == 0 && (word[length] == '\0' || word[length] == '.');
}

static bool starts_another(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(before); i++)
		if (strcmp(before[i], word) == 0)
			return true;
	return false;
}

static const char *judge(char word[WORDS_MAX][WORD_MAX], size_t count, char *scratch, size_t size)
{
	const char *name = count > 0 ? strrchr(word[0], '/') : NULL;

	if (count == 0)
		return NULL;
	name = name ? name + 1 : word[0];
	for (size_t i = 0; i < ARRAY_SIZE(writers); i++) {
		if (!is_command(name, writers[i].first))
			continue;
		if (writers[i].second == NULL)
			return text_format(scratch, size, "%s may write", name);
		for (size_t k = 1; k < count; k++) {
			char second[WORD_MAX];

			/* "write.raw" as well */
			text_format(second, sizeof(second), "%.*s", (int)strcspn(word[k], "."), word[k]);
			if (is_among(writers[i].second, second))
				return text_format(scratch, size, "%s %s writes", name, word[k]);
		}
	}
	return NULL;
}

/* One command from at on; returns where it ends. */
static const char *read_command(const char *at, char word[WORDS_MAX][WORD_MAX], size_t *ret_count)
{
	size_t count = 0;

	while (*at != '\0' && strchr(";|&\r\n(){}`", *at) == NULL) {
		size_t length = strcspn(at, " \t\"';|&\r\n(){}`");

		if (length == 0) {
			at++;
			continue;
		}
		if (count < WORDS_MAX && !(count == 0 && memchr(at, '=', length) != NULL))
			text_format(word[count++], WORD_MAX, "%.*s", (int)length, at);
		if (count == 1 && starts_another(word[0]))
			count = 0;
		at += length;
	}
	*ret_count = count;
	return at;
}

/* Into a file; /dev/null and another descriptor are none. */
static bool redirects(const char *text)
{
	for (const char *at = strchr(text, '>'); at != NULL; at = strchr(at, '>')) {
		at += 1 + (at[1] == '>');
		at += strspn(at, " ");
		if (*at != '&' && strncmp(at, "/dev/null", 9) != 0)
			return true;
	}
	return false;
}

const char *macro_fault(const char *text, char *scratch, size_t size)
{
	char word[WORDS_MAX][WORD_MAX];
	const char *fault = NULL;
	size_t count;

	if (text[0] == '\0')
		return "it is empty";
	if (strlen(text) > MACRO_TEXT_MAX)
		return "it is too long";
	for (const char *at = text; *at != '\0'; at++)
		if (((unsigned char)*at < ' ' && strchr("\r\n\t", *at) == NULL) || *at == 0x7f)
			return "it holds another key than text, \\t and \\r";
	if (redirects(text))
		return "it writes into a file";
	for (const char *at = text; fault == NULL && *at != '\0'; at += *at != '\0') {
		at = read_command(at, word, &count);
		fault = judge(word, count, scratch, size);
	}
	return fault;
}

bool macro_fits(const struct macro *macro, const struct console_state *state)
{
	if (state->confidence < CONSOLE_SURE || !console_state_may(state, CONSOLE_MAY_COMMAND))
		return false;
	if (state->at == CONSOLE_AT_SHELL)
		return macro->at == MACRO_AT_SHELL;
	if (state->at != CONSOLE_AT_LOADER || macro->at != MACRO_AT_LOADER)
		return false;
	return macro->loader == NULL || state->loader == NULL || strcmp(macro->loader, state->loader) == 0;
}
