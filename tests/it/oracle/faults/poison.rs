//! Many poison messages in a short time. In some rounds single ones come beside, whatever else happens.

use super::{Fault, Scene};

pub(super) const FAULTS: [Fault; 1] = [Fault { name: "poison: many", strike: many }];

fn many(scene: &mut Scene<'_>) {
    let met = |scene: &Scene<'_>| scene.copies.met_poison(0);
    let before = met(scene);
    let mut sent = 0;
    for _ in 0..10 {
        scene.write(10);
        sent += scene.writer.poison.each_form();
    }
    scene.writer.poison.flush();
    scene.applied();
    assert!(met(scene) >= before + sent, "{} of {sent} poison messages were met", met(scene) - before);
    scene.writer.poison.heal();
}
