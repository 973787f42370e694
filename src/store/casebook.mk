libstore_a_SOURCES += \
	src/store/casebook.c src/store/casebook.h \
	src/store/casebook_file.c src/store/casebook_file.h src/store/casebook_holds.c src/store/casebook_holds.h \
	src/store/casebook_schema.c src/store/casebook_schema.h
check_PROGRAMS += tests/integration/test_casebook
tests_integration_test_casebook_SOURCES = tests/integration/test_casebook.c
tests_integration_test_casebook_LDADD = libstore.a libbase.a $(SQLITE_LIBS) $(CMOCKA_LIBS)
