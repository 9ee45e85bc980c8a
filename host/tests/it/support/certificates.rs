//! Certificates of the tests.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

/// A key, its certificate for these hosts, and the certificate of who signed it.
pub fn certified(hosts: &[&str]) -> (String, String, String) {
    let mut of_issuer = CertificateParams::new([]).unwrap();
    of_issuer.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(of_issuer, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let hosts: Vec<_> = hosts.iter().map(|host| (*host).to_owned()).collect();
    let params = CertificateParams::new(hosts).unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap();
    (key.serialize_pem(), certificate.pem(), issuer.pem())
}
