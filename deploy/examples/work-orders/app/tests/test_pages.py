"""The pages, and that what they write is what the statistics count."""

from django.core.cache import cache
from django.db.models.signals import post_save
from django.test import TransactionTestCase
from django.urls import reverse

from tests import rows
from workorder.models import Department, TaskLog, WorkOrderTask

Status = WorkOrderTask.Status


class Pages(TransactionTestCase):
    def setUp(self) -> None:
        cache.clear()
        self.department, self.operator = rows.department(), rows.user()
        self.other = Department.objects.create(name="Cutting & <b>", code="cutting")
        self.task = rows.task(self.department, self.operator)

    def form(self, **changed: object) -> dict[str, object]:
        return {
            "work_order_process": self.task.work_order_process_id,
            "assigned_department": self.department.pk,
            "assigned_operator": self.operator.pk,
            "task_type": "cutting",
            "status": "pending",
            "production_quantity": 10,
            "quantity_completed": 4,
            "quantity_defective": 1,
        } | changed

    def test_the_list_shows_and_filters(self) -> None:
        rows.task(self.other, status=Status.DRAFT, quantity_completed=77)
        self.assertContains(self.client.get("/"), "Cutting &amp; &lt;b&gt;")
        self.assertContains(self.client.get("/"), "77 of")
        for query in (f"department={self.department.pk}", "status=pending"):
            response = self.client.get(f"/?{query}")
            self.assertNotContains(response, "77 of")
            self.assertContains(response, f'href="/tasks/{self.task.pk}"')
        self.assertEqual(self.client.get("/?department=x&page=x").status_code, 200)

    def test_the_list_asks_the_same_for_one_task_and_for_fifty(self) -> None:
        with self.assertNumQueries(5):
            self.client.get("/")
        for _ in range(60):
            rows.task(self.other, self.operator)
        with self.assertNumQueries(5):
            self.assertContains(self.client.get("/"), "Page 1 of 2")

    def test_create(self) -> None:
        self.assertEqual(self.client.get("/tasks/new").status_code, 200)
        self.assertRedirects(self.client.post("/tasks/new", self.form()), "/")
        task = WorkOrderTask.objects.latest("id")
        self.assertEqual((task.quantity_completed, task.version), (4, 1))
        log = task.logs.get()
        self.assertEqual(
            (log.log_type, log.status_before, log.status_after), (TaskLog.Type.STATUS_CHANGE, "", "pending")
        )

    def test_edit(self) -> None:
        path = f"/tasks/{self.task.pk}"
        self.assertContains(self.client.get(path), "Save")
        self.client.post(path, self.form())
        self.assertEqual(self.task.logs.count(), 0)
        self.client.post(path, self.form(status="completed", assigned_department=""))
        self.task.refresh_from_db()
        self.assertEqual((self.task.status, self.task.assigned_department, self.task.version), ("completed", None, 3))
        log = self.task.logs.get()
        self.assertEqual(
            (log.log_type, log.quantity_increment, log.operator), (TaskLog.Type.COMPLETE, 4, self.operator)
        )

    def test_mistakes_are_shown(self) -> None:
        response = self.client.post(f"/tasks/{self.task.pk}", self.form(status="lost", production_quantity="many"))
        self.assertContains(response, "errorlist", status_code=400)
        self.task.refresh_from_db()
        self.assertEqual(self.task.status, "pending")
        self.assertContains(self.client.post("/tasks/move", {}), "This field is required", status_code=400)
        self.assertEqual(self.client.get("/tasks/999").status_code, 404)

    def test_a_move_is_one_update_without_a_signal(self) -> None:
        tasks = [self.task, rows.task(self.department)]
        heard: list[object] = []
        post_save.connect(lambda **_: heard.append(1), sender=WorkOrderTask, weak=False, dispatch_uid="test")
        self.addCleanup(post_save.disconnect, sender=WorkOrderTask, dispatch_uid="test")
        chosen = {"tasks": [task.pk for task in tasks], "department": self.other.pk}
        self.assertRedirects(self.client.post("/tasks/move", chosen), "/")
        self.assertEqual(WorkOrderTask.objects.filter(assigned_department=self.other).count(), 2)
        self.assertRedirects(self.client.post("/tasks/move", chosen | {"department": ""}), "/")
        self.assertEqual(WorkOrderTask.objects.filter(assigned_department=None).count(), 2)
        self.assertEqual(heard, [])

    def test_delete(self) -> None:
        self.assertEqual(self.client.get(f"/tasks/{self.task.pk}/delete").status_code, 405)
        self.assertRedirects(self.client.post(f"/tasks/{self.task.pk}/delete"), "/")
        self.assertFalse(WorkOrderTask.objects.exists())

    def test_the_department_shows_where_its_answer_came_from(self) -> None:
        path = f"/departments/{self.department.pk}"
        self.assertContains(self.client.get(path), ">MISS<")
        with self.assertNumQueries(0):
            self.assertContains(self.client.get(path), ">HIT<")
        invalidated = self.client.post(reverse("invalidate_department", args=[self.department.pk]))
        self.assertRedirects(invalidated, path, fetch_redirect_response=False)
        self.assertContains(self.client.get(path), ">MISS<")
        self.assertEqual(self.client.get("/departments/999").status_code, 404)

    def test_a_deleted_department_leaves_its_tasks(self) -> None:
        self.department.delete()
        self.task.refresh_from_db()
        self.assertIsNone(self.task.assigned_department)
