libbase_a_SOURCES += src/base/bytes.h src/base/buffer.c src/base/buffer.h src/base/cleanup.h src/base/crc.c src/base/crc.h src/base/crc_table.h \
	src/base/late_library.c src/base/late_library.h src/base/nearest.c src/base/nearest.h src/base/status.c src/base/status.h src/base/text.c src/base/text.h
