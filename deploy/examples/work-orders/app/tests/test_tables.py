"""The migration makes the tables that schema.sql makes for the local stack."""

import re

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import TestCase

TABLES = [
    "auth_user",
    "workorder_department",
    "workorder_tasklog",
    "workorder_workorder",
    "workorder_workorderprocess",
    "workorder_workordertask",
]


class Tables(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        with connection.cursor() as cursor:
            cursor.execute("CREATE SCHEMA by_hand")
            cursor.execute("SET LOCAL search_path TO by_hand")
            cursor.execute((settings.EXAMPLE / "schema.sql").read_text())
            cursor.execute("SET LOCAL search_path TO public")

    def told(self, schema: str, statement: str) -> list[tuple[object, ...]]:
        """Names are told without the schema that is searched."""
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL search_path TO {schema}")
            cursor.execute(statement, [schema, TABLES])
            rows = cursor.fetchall()
            cursor.execute("SET LOCAL search_path TO public")
        self.assertNotEqual(rows, [])
        return rows

    def test_columns(self) -> None:
        statement = """
            SELECT table_name, ordinal_position, column_name, data_type, character_maximum_length, is_nullable,
                column_default, is_identity, identity_generation
            FROM information_schema.columns WHERE table_schema = %s AND table_name = ANY (%s) ORDER BY 1, 2"""
        self.assertEqual(self.told("public", statement), self.told("by_hand", statement))

    def test_constraints(self) -> None:
        statement = """
            SELECT conrelid::regclass::text, contype::text, pg_get_constraintdef(pg_constraint.oid)
            FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid
            WHERE relnamespace = %s::regnamespace AND relname = ANY (%s) ORDER BY 1, 2, 3"""
        self.assertEqual(self.told("public", statement), self.told("by_hand", statement))

    def test_no_other_tables(self) -> None:
        statement = """
            SELECT table_name FROM information_schema.tables
            WHERE table_schema = %s AND table_name <> 'django_migrations' AND %s::text[] IS NOT NULL ORDER BY 1"""
        for schema in ("public", "by_hand"):
            self.assertEqual([name for (name,) in self.told(schema, statement)], TABLES)

    def test_indexes(self) -> None:
        """Django makes an index for every foreign key, the local stack only those that deletions and readers need."""
        statement = "SELECT indexdef FROM pg_indexes WHERE schemaname = %s AND tablename = ANY (%s)"
        django, by_hand = (
            {re.sub(r"INDEX \S+ ON (\w+\.)?", "INDEX ON ", index) for (index,) in self.told(schema, statement)}
            for schema in ("public", "by_hand")
        )
        self.assertLessEqual(by_hand, django)

    def test_the_models_need_no_further_migration(self) -> None:
        call_command("makemigrations", check=True, dry_run=True, verbosity=0)
