use super::{VIEW, World};
use crate::harness::{assert_has, freshet, said};

#[test]
fn check_says_which_permission_writing_lacks() {
    let world = World::new(1);
    let url = world.redis.url().replace("//", "//app:${REDIS_PASSWORD}@");
    let all = "+ping +info +scan +unlink +eval +get +set +del +pexpire +pttl ~orders:* ~freshet:lease:*";
    let check = |rules: &str, code| {
        let mut set = redis::cmd("ACL");
        set.arg("SETUSER").arg("app").arg("reset").arg("on").arg(">secret");
        set.arg(rules.split(' ').collect::<Vec<_>>()).exec(&mut world.redis.connect()).expect("a user");
        let configuration = world.configuration(VIEW).replace(&world.redis.url(), &url);
        said(&freshet(&configuration, &["check"]), code)
    };
    for rules in [all.to_owned(), format!("{} ~freshet:fence:*", all.replace(" +get", ""))] {
        let remedy = "ACL SETUSER app +eval +get +set +del +unlink +pexpire +pttl ~orders:* ~freshet:fence:* ~freshet:lease:*";
        assert_has(
            &check(&rules, 1),
            &["the script that writes values fails (view `orders`, `warm`)", remedy, "1 thing is wrong"],
        );
    }
    let right = check(&format!("{all} ~freshet:fence:*"), 0);
    assert_has(&right, &["writing values, and their fences, freshet:fence:*, is allowed"]);
    assert_eq!(world.redis.names(), [""; 0], "a check writes nothing");
}
