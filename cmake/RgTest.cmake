# rg_add_test(NAME SOURCES ... [DEPENDS ...] [LIBS ...] [LABELS ...] [TIMEOUT s])
#
# One CMocka program, one CTest test. RG_SOURCE_DIR lets a test find its data files.
function(rg_add_test name)
    cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;DEPENDS;LIBS;LABELS" ${ARGN})
    add_executable(${name} ${ARG_SOURCES})
    target_include_directories(${name} PRIVATE "${CMAKE_SOURCE_DIR}/tests/support")
    target_link_libraries(${name} PRIVATE ${ARG_DEPENDS} ${ARG_LIBS} PkgConfig::CMOCKA)
    target_compile_definitions(${name} PRIVATE _GNU_SOURCE "RG_SOURCE_DIR=\"${CMAKE_SOURCE_DIR}\"")
    rg_set_warnings(${name})
    add_test(NAME ${name} COMMAND ${name})
    rg_test_properties(${name} "${ARG_LABELS}" "${ARG_TIMEOUT}")
endfunction()

# rg_add_script_test(NAME COMMAND ... [LABELS ...] [TIMEOUT s]): exit code 77 means skipped.
function(rg_add_script_test name)
    cmake_parse_arguments(ARG "" "TIMEOUT" "COMMAND;LABELS" ${ARGN})
    add_test(NAME ${name} COMMAND ${ARG_COMMAND})
    set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 77 ENVIRONMENT
        "REAGENT=$<$<TARGET_EXISTS:reagent>:$<TARGET_FILE:reagent>>;RG_SOURCE_DIR=${CMAKE_SOURCE_DIR};RG_BUILD_DIR=${CMAKE_BINARY_DIR};RG_SANITIZE=${RG_SANITIZE}")
    rg_test_properties(${name} "${ARG_LABELS}" "${ARG_TIMEOUT}")
endfunction()

function(rg_test_properties name labels timeout)
    if(labels)
        set_tests_properties(${name} PROPERTIES LABELS "${labels}")
    endif()
    if(timeout)
        set_tests_properties(${name} PROPERTIES TIMEOUT ${timeout})
    else()
        set_tests_properties(${name} PROPERTIES TIMEOUT 300)
    endif()
endfunction()
