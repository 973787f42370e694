/* firmware-db/devices/<vendor>/<model>.yaml */
#include "recovery/loader/stop_boot.h"
#include "src/base/cleanup.h"
#include "src/base/text.h"
#include "src/store/library_schema.h"
#include "src/store/macro_schema.h"
#include "src/store/profile_check.h"
#include "src/store/schema_fields.h"
#include "src/store/yaml_nodes.h"
#include "src/store/yaml_value.h"

_Static_assert(sizeof(struct yaml_pair) == sizeof(struct profile_param), "read as yaml_pair");
_Static_assert(sizeof(struct yaml_pair) == sizeof(struct profile_source), "read as yaml_pair");

DEFINE_AUTO(yaml_nodes);

struct partition_row {
	struct profile_partition partition;
	char *offset, *size;
};

struct method_row {
	struct profile_method method;
	char *minutes;
};

struct firmware_row {
	struct profile_firmware firmware;
	char *size;
};

struct profile_row {
	struct profile profile;
	struct { char *device, *erase_size, *base; } storage;
	struct { char *load_address, *tftp_port; } network;
	char *baud, *boot_seconds;
	struct macro_row *macros;
	struct partition_row *partitions;
	struct method_row *methods;
	struct firmware_row *firmware;
	unsigned macro_count, partition_count, method_count, firmware_count;
};

static const cyaml_schema_value_t text_entry = { CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 1, CYAML_UNLIMITED) };
static const cyaml_schema_value_t password_entry = { CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 0, CYAML_UNLIMITED) };

#define TEXT(key, member) FIELD_TEXT(key, profile_row, member)
#define MUST(key, member) FIELD_MUST(key, profile_row, member)
#define TEXTS_OF(key, flags, of, member) \
	FIELD_LIST(key, flags, of, member.item, member.count, &text_entry, SCHEMA_LIST_MAX)
#define TEXTS(key, member) TEXTS_OF(key, CYAML_FLAG_OPTIONAL, profile_row, member)
#define ROWS(key, member, counted, entry) FIELD_LIST(key, CYAML_FLAG_OPTIONAL, profile_row, member, counted, entry, SCHEMA_LIST_MAX)
/* A mapping inside the profile: its keys lie in the row as the others do. */
#define PART(name, table) \
	{ .key = name, .data_offset = 0, .value = { CYAML_VALUE_MAPPING(CYAML_FLAG_OPTIONAL, struct profile_row, table) } }

static const cyaml_schema_field_t console_fields[] = {
	TEXT("baud", baud),
	TEXT("frame", profile.console.frame),
	TEXT("level", profile.console.level),
	TEXT("pads", profile.console.pads),
	TEXT("loader", profile.console.loader),
	TEXT("prompt", profile.console.prompt),
	TEXT("stop-at", profile.console.stop_at),
	TEXT("stop-keys", profile.console.stop_keys),
	FIELD_LIST("loader-passwords", CYAML_FLAG_OPTIONAL, profile_row, profile.console.loader_passwords.item,
		   profile.console.loader_passwords.count, &password_entry, STOP_BOOT_REFUSALS),
	TEXT("login-prompt", profile.console.login_prompt),
	TEXT("login-user", profile.console.login_user),
	FIELD_EMPTY_TEXT("login-password", profile_row, profile.console.login_password),
	ROWS("macros", macros, macro_count, &macro_entry),
	CYAML_FIELD_END
};

static const cyaml_schema_field_t identity_fields[] = {
	TEXTS("log", profile.identity.log),
	TEXTS("env", profile.identity.env),
	TEXTS("boards", profile.identity.boards),
	TEXT("sticker", profile.identity.sticker),
	CYAML_FIELD_END
};

static const cyaml_schema_field_t storage_fields[] = {
	MUST("kind", profile.storage.kind),
	TEXT("device", storage.device),
	TEXT("erase-size", storage.erase_size),
	TEXT("base", storage.base),
	TEXT("node", profile.storage.node),
	CYAML_FIELD_END
};

static const cyaml_schema_field_t partition_fields[] = {
	FIELD_MUST("name", partition_row, partition.name),
	FIELD_MUST("offset", partition_row, offset),
	FIELD_MUST("size", partition_row, size),
	FIELD_TEXT("guard", partition_row, partition.guard),
	FIELD_TEXT("holds", partition_row, partition.holds),
	CYAML_FIELD_END
};

static const cyaml_schema_field_t network_fields[] = {
	TEXT("device-ip", profile.network.device_ip),
	TEXT("bench-ip", profile.network.bench_ip),
	TEXT("netmask", profile.network.netmask),
	TEXT("load-address", network.load_address),
	TEXT("tftp-port", network.tftp_port),
	CYAML_FIELD_END
};

static const cyaml_schema_field_t space_fields[] = {
	MUST("mount", profile.space.mount),
	TEXTS_OF("clear", CYAML_FLAG_DEFAULT, profile_row, profile.space.clear),
	CYAML_FIELD_END
};

static const cyaml_schema_field_t method_fields[] = {
	FIELD_MUST("name", method_row, method.name),
	FIELD_MUST("procedure", method_row, method.procedure),
	TEXTS_OF("treats", CYAML_FLAG_OPTIONAL, method_row, method.treats),
	CYAML_FIELD_IGNORE("with", CYAML_FLAG_OPTIONAL),	/* the procedure's own names: read_pairs() */
	FIELD_TEXT("keeps", method_row, method.keeps),
	FIELD_TEXT("destroys", method_row, method.destroys),
	FIELD_TEXT("minutes", method_row, minutes),
	FIELD_MUST("tested", method_row, method.tested),
	FIELD_TEXT("image", method_row, method.image),
	FIELD_TEXT("warning", method_row, method.warning),
	CYAML_FIELD_END
};

static const cyaml_schema_field_t firmware_fields[] = {
	FIELD_MUST("version", firmware_row, firmware.version),
	FIELD_MUST("file", firmware_row, firmware.file),
	FIELD_TEXT("size", firmware_row, size),
	FIELD_TEXT("sha256", firmware_row, firmware.sha256),
	FIELD_TEXT("url", firmware_row, firmware.url),
	FIELD_TEXT("revision", firmware_row, firmware.revision),
	CYAML_FIELD_END
};

static const cyaml_schema_value_t partition_entry = SCHEMA_ENTRY(partition_row, partition_fields);
static const cyaml_schema_value_t method_entry = SCHEMA_ENTRY(method_row, method_fields);
static const cyaml_schema_value_t firmware_entry = SCHEMA_ENTRY(firmware_row, firmware_fields);

static const cyaml_schema_field_t profile_fields[] = {
	MUST("vendor", profile.vendor),
	MUST("model", profile.model),
	TEXTS("revisions", profile.revisions),
	TEXTS("aliases", profile.aliases),
	MUST("kind", profile.kind),
	TEXT("soc", profile.soc),
	TEXT("arch", profile.arch),
	PART("console", console_fields),
	PART("identity", identity_fields),
	PART("storage", storage_fields),
	ROWS("partitions", partitions, partition_count, &partition_entry),
	TEXTS("image-covers", profile.image_covers),
	TEXTS("image-formats", profile.image_formats),
	PART("network", network_fields),
	PART("space", space_fields),
	ROWS("methods", methods, method_count, &method_entry),
	TEXT("no-method", profile.no_method),
	ROWS("firmware", firmware, firmware_count, &firmware_entry),
	TEXT("banner", profile.banner),
	TEXT("anti-rollback", profile.anti_rollback),
	TEXT("boot-seconds", boot_seconds),
	TEXTS("warnings", profile.warnings),
	CYAML_FIELD_IGNORE("sources", CYAML_FLAG_DEFAULT),	/* the profile's own names: read_pairs() */
	CYAML_FIELD_END
};
static const cyaml_schema_value_t file_schema = SCHEMA_FILE(profile_row, profile_fields);

static const struct yaml_conversion console_conversions[] = {
	YAML_NUMBER("baud", profile_row, baud, profile, console.baud),
	YAML_ESCAPED("stop-keys", profile, console.stop_keys),
	{ .key = NULL }
};
static const struct yaml_conversion storage_conversions[] = {
	YAML_NUMBER("device", profile_row, storage.device, profile, storage.device),
	YAML_SIZE("erase-size", profile_row, storage.erase_size, profile, storage.erase_size),
	YAML_SIZE("base", profile_row, storage.base, profile, storage.base),
	{ .key = NULL }
};
static const struct yaml_conversion network_conversions[] = {
	YAML_SIZE("load-address", profile_row, network.load_address, profile, network.load_address),
	YAML_NUMBER("tftp-port", profile_row, network.tftp_port, profile, network.tftp_port),
	{ .key = NULL }
};
static const struct yaml_conversion profile_conversions[] = {
	YAML_NUMBER("boot-seconds", profile_row, boot_seconds, profile, boot_seconds),
	{ .key = NULL }
};
static const struct yaml_conversion partition_conversions[] = {
	YAML_SIZE("offset", partition_row, offset, profile_partition, offset),
	YAML_SIZE("size", partition_row, size, profile_partition, size),
	{ .key = NULL }
};
static const struct yaml_conversion method_conversions[] = {
	YAML_NUMBER("minutes", method_row, minutes, profile_method, minutes),
	{ .key = NULL }
};
static const struct yaml_conversion firmware_conversions[] = {
	YAML_SIZE("size", firmware_row, size, profile_firmware, size),
	{ .key = NULL }
};

static enum status read_parts(const struct yaml_file *file, const struct profile_row *row, struct profile *profile,
			      struct error *reterr)
{
	static const struct { const char *where; const struct yaml_conversion *conversions; } parts[] = {
		{ "console", console_conversions },
		{ "storage", storage_conversions },
		{ "network", network_conversions },
		{ "", profile_conversions },
	};
	enum status status = STATUS_OK;

	for (size_t i = 0; status == STATUS_OK && i < ARRAY_SIZE(parts); i++)
		status = yaml_value_convert(file, parts[i].where, parts[i].conversions, row, profile, reterr);
	return status;
}

#define LIST_OF(row, member, counted, of, list) \
	{ \
		.rows = (row)->member, .count = (row)->counted, .row_size = sizeof(*(row)->member), \
		.item_size = sizeof(struct of), .conversions = list \
	}

static enum status read_lists(const struct yaml_file *file, const struct profile_row *row, struct yaml_memory *memory,
			      struct profile *profile, struct error *reterr)
{
	const struct yaml_rows partitions = LIST_OF(row, partitions, partition_count, profile_partition, partition_conversions),
			       methods = LIST_OF(row, methods, method_count, profile_method, method_conversions),
			       firmware = LIST_OF(row, firmware, firmware_count, profile_firmware, firmware_conversions);
	enum status status = yaml_value_items(file, "partitions", &partitions, memory, &profile->partitions, reterr);

	if (status == STATUS_OK)
		status = yaml_value_items(file, "methods", &methods, memory, &profile->methods, reterr);
	if (status == STATUS_OK)
		status = yaml_value_items(file, "firmware", &firmware, memory, &profile->firmware, reterr);
	if (status == STATUS_OK)
		status = macros_read(file, "console/macros", row->macros, row->macro_count, memory,
				     &profile->console.macros, reterr);
	profile->partition_count = row->partition_count;
	profile->method_count = row->method_count;
	profile->firmware_count = row->firmware_count;
	profile->console.macro_count = row->macro_count;
	return status;
}

static enum status read_pairs(const struct yaml_file *file, struct yaml_memory *memory, struct profile *profile,
			      struct error *reterr)
{
	AUTO(yaml_nodes) nodes = NULL;
	struct yaml_pair *pairs = NULL;
	enum status status = yaml_nodes_read(file, &nodes, reterr);

	if (status == STATUS_OK)
		status = yaml_nodes_pairs(nodes, "sources", memory, &pairs, &profile->source_count, reterr);
	profile->sources = (struct profile_source *)(void *)pairs;
	for (unsigned i = 0; status == STATUS_OK && i < profile->method_count; i++) {
		struct profile_method *method = &profile->methods[i];
		char where[64];

		pairs = NULL;
		text_format(where, sizeof(where), "methods/%u/with", i);
		status = yaml_nodes_pairs(nodes, where, memory, &pairs, &method->with_count, reterr);
		method->with = (struct profile_param *)(void *)pairs;
	}
	return status;
}

enum status profile_schema_read(const struct yaml_file *file, const char *id, struct yaml_memory *memory,
				struct profile *ret_profile, struct error *reterr)
{
	const struct profile_row *row = NULL;
	enum status status = yaml_file_load(file, &file_schema, memory, &row, reterr);

	if (status != STATUS_OK)
		return status;
	*ret_profile = row->profile;
	ret_profile->id = id;
	status = read_parts(file, row, ret_profile, reterr);
	if (status == STATUS_OK)
		status = read_lists(file, row, memory, ret_profile, reterr);
	if (status == STATUS_OK)
		status = read_pairs(file, memory, ret_profile, reterr);
	return status == STATUS_OK ? profile_check(file, ret_profile, reterr) : status;
}
